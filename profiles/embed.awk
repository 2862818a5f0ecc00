# embed.awk - JSON files to C strings: awk -f embed.awk FILE.json... > builtin.gen.c
# White space between tokens is dropped where that is plain to see, because each create reads the
# text; line breaks are kept, so that messages name the right line.
BEGIN {
	print "/* Made by embed.awk from profiles/data; do not edit. */"
	print "#include \"profiles/builtin.h\"\n"
	print "const struct builtin_row builtin_rows[] = {"
}
FNR == 1 {
	if (NR > 1)
		print "\t},"
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.json$/, "", name)
	printf "\t{ \"%s\",\n", name
}
{
	sub(/^[ \t]+/, "")
	gsub(/": /, "\":")
	gsub(/, "/, ",\"")
	gsub(/\{ "/, "{\"")
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	printf "\t\t\"%s\\n\"\n", $0
}
END {
	print "\t},"
	print "\t{ 0, 0 }"
	print "};"
}
