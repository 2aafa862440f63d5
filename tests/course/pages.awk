# Checks pages of HTML: awk -f tests/course/pages.awk PAGE.html…, all of one folder.
# Elements are closed in the right order, an id is used once, nothing is loaded from outside of the
# file, and links lead to a page that was given, to an id that it has, or to a file that exists.
# Exit status: 0 all is correct, 1 not; each problem is a line FILE:LINE: …

function problem(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
    problems++
}

# The value of an attribute in a tag, "" without.
function attribute(tag, name) {
    if (!match(tag, "[ \n]" name "=\"[^\"]*\"")) return ""
    return substr(tag, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
}

function open_or_close(tag,   name) {
    name = tag
    gsub(/^<\/?|[ \/>].*$/, "", name)
    if (tag ~ /^<[!]/ || tag ~ /\/>$/) return
    if (tag !~ /^<\//) opened[++depth] = name
    else if (depth == 0 || opened[depth] != name)
        problem("</" name "> closes <" (depth > 0 ? opened[depth] : "") ">")
    else depth--
    raw = (name == "script" || name == "style") && tag !~ /^<\// ? name : ""
}

function check_tag(tag,   value, id) {
    open_or_close(tag)
    value = attribute(tag, "src")
    if (value != "" && value !~ /^data:image\/png;base64,/) problem("loads " value)
    if (tag ~ /^<(link|iframe|object|embed)[ >]/) problem("loads something: " tag)
    id = attribute(tag, "id")
    if (id != "" && ((page, id) in ids)) problem("a second id " id)
    if (id != "") ids[page, id] = 1
    value = attribute(tag, "href")
    if (value != "") links[++count] = FILENAME ":" FNR "\t" page "\t" value
}

# A script or a style up to its end; returns what follows on the line.
function skip_raw(line,   at) {
    if (line ~ /@import|url\(|fetch\(|XMLHttpRequest|import\(/) problem("loads something: " line)
    at = index(line, "</" raw ">")
    return at == 0 ? "" : substr(line, at)
}

function check_link(place, from, target,   file, id, sharp) {
    sharp = index(target, "#")
    file = sharp > 0 ? substr(target, 1, sharp - 1) : target
    id = sharp > 0 ? substr(target, sharp + 1) : ""
    if (target ~ /^(https?|mailto):/) return
    if (file == "") file = from
    if (file in pages ? id != "" && !((file, id) in ids) : system("test -e '" file "'") != 0) {
        print place ": leads nowhere: " target > "/dev/stderr"
        problems++
    }
}

FNR == 1 {
    if (depth > 0) problem("before it, <" opened[depth] "> is not closed")
    depth = 0
    raw = ""
    page = FILENAME
    sub(/.*\//, "", page)
    pages[page] = 1
}
{
    line = $0
    if (raw != "") line = skip_raw(line)
    while (match(line, /<[A-Za-z\/!][^>]*>/)) {
        if (substr(line, 1, RSTART - 1) ~ /</) problem("a < that opens nothing")
        tag = substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
        check_tag(tag)
        if (raw != "") line = skip_raw(line)
    }
    if (raw == "" && line ~ /</) problem("a < that opens nothing")
}
END {
    if (depth > 0) problem("<" opened[depth] "> is not closed")
    for (i = 1; i <= count; i++) {
        split(links[i], part, "\t")
        check_link(part[1], part[2], part[3])
    }
    printf "%d links: %d problems\n", count, problems
    exit problems > 0 || count == 0
}
