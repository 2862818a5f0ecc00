# shellcheck shell=bash
# capture.sh - what tcpdump sees while a test runs, and whether it was allowed. Needs $work and tap.sh.
capture_pids=()

capture() { # NAME INTERFACE [COMMAND...]: begins, by a command that enters the place
	local i
	"${@:3}" tcpdump -Z root -i "$2" -n -U --immediate-mode -s 0 -w "$work/$1.pcap" 'not arp and not icmp6 and not ip6 multicast' >/dev/null 2>&1 &
	capture_pids+=($!)
	for ((i = 0; i < 100; i++)); do [ -s "$work/$1.pcap" ] && break; sleep 0.1; done
}

captures_end() {
	[ ${#capture_pids[@]} -gt 0 ] || return 0
	kill "${capture_pids[@]}" 2>/dev/null
	wait "${capture_pids[@]}" 2>/dev/null
	capture_pids=()
}

# That a capture sees what has no fence around it.
capture_bites() { # INTERFACE [COMMAND...]: as above
	capture control "$@"
	"${@:2}" perl -e 'use Socket; socket(U, PF_INET, SOCK_DGRAM, 17); send(U, "marker", 0, pack_sockaddr_in(9998, inet_aton("203.0.113.20")))'
	sleep 0.5
	captures_end
	is "a capture sees what has no fence around it" "$(grep -aiq marker "$work/control.pcap" && echo yes)" yes
}

# That there was what a filter takes, that ADDRESS has sent to each of WANT ("1.2.3.4.80 tcp "), and no more.
capture_shows() { # NAME FILTER ADDRESS WANT
	local read=(tcpdump -Z root -n -q -r "$work/$1.pcap")
	is "capture on $1: what is allowed was seen" \
		"$("${read[@]}" "src host $3" 2>/dev/null | sed -n 's/.* > \([0-9.]*\): \([A-Za-z]*\).*/\1 \2/p' | tr A-Z a-z | sort -u | tr '\n' ' ')" "$4"
	is "capture on $1: and nothing else" "$("${read[@]}" "not ($2)" 2>/dev/null | head -n 5)" ""
	is "capture on $1: nothing that was to be carried out" "$(grep -aic marker "$work/$1.pcap")" 0
}
