# SPDX-License-Identifier: Apache-2.0
# agentrt.bash - completion that asks the program itself, so that it never lags behind

_agentrt() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} cmd='' root=() i w
	local prog=${COMP_WORDS[0]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		w=${COMP_WORDS[i]}
		case $w in
		--root) root=(--root "${COMP_WORDS[i + 1]}"); i=$((i + 1)) ;;
		--profile | --profile-dir | --log | --log-format | --cgroup-manager | --rootless) i=$((i + 1)) ;;
		-*) ;;
		*) cmd=$w; break ;;
		esac
	done
	case $prev in
	--profile) mapfile -t COMPREPLY < <(compgen -W "$("$prog" profile list 2>/dev/null | cut -d' ' -f1)" -- "$cur"); return ;;
	--log-format) mapfile -t COMPREPLY < <(compgen -W "text json" -- "$cur"); return ;;
	--root | --profile-dir | --bundle | -b) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	--log | --pid-file | --process | -p | --resources | -r | --console-socket) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	esac
	if [[ $cur == -* ]]; then
		w=$("$prog" ${cmd:+"$cmd"} --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]+' | sort -u)
	elif [ -z "$cmd" ]; then
		w=$("$prog" --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
	elif [ "$cmd" = profile ]; then
		w="list show check lint $("$prog" profile list 2>/dev/null | cut -d' ' -f1)"
	elif [ "$cmd" = egress ] && [ "$prev" = egress ]; then
		w="log learned discover"
	else
		w=$("$prog" "${root[@]}" list -q 2>/dev/null)
	fi
	mapfile -t COMPREPLY < <(compgen -W "$w" -- "$cur")
}
complete -F _agentrt agentrt agentrt-oci agentrt-strict
