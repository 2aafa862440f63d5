# What `nvcc -Xptxas -v` says of each kernel, after c++filt, as a table with one line per kernel and
# architecture: registers of a thread, static shared memory of a block, and bytes that a thread
# spills, which means that its registers do not suffice.
function number_before(text,   i) {
    i = match($0, "[0-9]+ bytes " text)
    return i ? substr($0, i) + 0 : 0
}
BEGIN { printf "%-60s %-6s %9s %6s %6s\n", "kernel", "for", "registers", "shared", "spills" }
/Compiling entry function/ {
    split($0, quoted, "'")
    kernel = quoted[2]
    sub(/^void /, "", kernel)
    sub(/\(.*/, "", kernel)
    gsub(/__nv_bfloat16/, "bf16", kernel)
    arch = quoted[4]
}
/spill stores/ { spills = number_before("spill stores") }
/ Used [0-9]+ registers/ {
    match($0, /Used [0-9]+/)
    registers = substr($0, RSTART + 5, RLENGTH - 5)
    printf "%-60s %-6s %9d %6d %6d\n", kernel, arch, registers, number_before("smem"), spills
}
