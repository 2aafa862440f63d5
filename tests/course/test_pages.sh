#!/bin/sh
# The course as HTML: every lesson has a page that is one file, with links that lead somewhere; in a
# headless Chromium no page is too wide or has an error, and every figure computes what the C code
# does and reacts to real keys, clicks and drags.
# shellcheck disable=SC2016 # JavaScript's ${} and backticks
. tests/commands/command.sh
course=${COURSE_PAGES:-build/course}
browser=${BROWSER:-build/browser}
[ -x "$course" ] || {
    echo "skipped: $test_name, which needs the library md4c (make deps-course)"
    exit 0
}
work=$(cd "$work" && pwd)
pages=$work/pages

# ---- the files
"$course" "$pages" "$PWD" >/dev/null || failure "$course: exit $?"
for lesson in chapters/[0-9][0-9]_*/README.md; do
    number=${lesson#chapters/}
    [ -s "$pages/chapter-${number%%_*}.html" ] || failure "no page for $lesson"
done
[ -s "$pages/chapter-07_training.html" ] || failure 'no second page for chapter 07'
[ -s "$pages/index.html" ] || failure 'no index.html'
awk -f tests/course/pages.awk "$pages"/*.html || failure 'the pages are wrong'

# planted LINE MESSAGE: a page with such a line is refused.
planted() {
    printf '<html><body id="top">\n%s\n</body></html>\n' "$1" >"$work/planted.html"
    awk -f tests/course/pages.awk "$work/planted.html" >"$work/said" 2>&1 && failure "passes: $1"
    grep -q -F -e "planted.html:2: $2" "$work/said" || failure "no '$2' in: $(cat "$work/said")"
}
planted '<p><em><a href="#top">a</a></p></em>' '</p> closes <em>'
planted '<p id="top"><a href="#top">a</a></p>' 'a second id top'
planted '<a href="#gone">a</a>' 'leads nowhere: #gone'
planted '<a href="gone.html">a</a>' 'leads nowhere: gone.html'
planted '<a href="#top"><img src="https://example.org/a.png" alt=""/></a>' 'loads https'
planted '<link href="style.css"/>' 'loads something'
planted '<style>p { background: url(a.png) }</style>' 'loads something'
planted '<p>a < b</p>' 'a < that opens nothing'

# ---- what a page says
page_has() { # NUMBER TEXT
    grep -q -F -e "$2" "$pages/chapter-$1.html" || failure "chapter-$1.html: no $2"
}
page_has 01 '<span class="sum">Σ</span><sub><i>f</i></sub>'
page_has 01 'gelu(in<sub><i>f</i></sub> · <i>x</i> + bias<sub><i>f</i></sub>)'
page_has 05 '√<span class="root">2 <i>Dk</i></span>'
page_has 04 '<figcaption><a href="'"$PWD"'/chapters/02_mixture_of_experts/top_k.c"'
page_has 07 '<a href="chapter-02.html">chapter 02</a>'
page_has 07 '<a rel="next" href="chapter-07_training.html">'
page_has 07_training '<ol start="4">'
page_has 07_training '<a rel="prev" href="chapter-07.html">'
page_has 07_training '<a rel="next" href="chapter-08.html">'
page_has 01 '<span class="key">return</span>'
page_has 01 '<figcaption class="run">build/chapter-01 nudge</figcaption>'

# refused LESSON MESSAGE: a lesson that has no page.
mkdir -p "$work/repository/chapters/01_bad"
ln -s "$PWD/chapters/pages" "$work/repository/chapters"
refused() {
    printf '# 01 · Bad\n\n%s\n' "$1" >"$work/repository/chapters/01_bad/README.md"
    (cd "$work/repository" && "$course" pages ..) >"$work/said" 2>&1 && failure "has a page: $1"
    grep -q -F -e "$2" "$work/said" || failure "no '$2' in: $(cat "$work/said")"
    [ ! -e "$work/repository/pages/chapter-01.html" ] || failure "left a page: $1"
}
refused '<!-- figure: gone -->' 'there is no figure gone'
refused '![gone](gone.png)' 'chapters/01_bad/gone.png'
refused '![code](../pages/style.css)' 'chapters/pages/style.css: not a PNG file'
refused '![out](../../../out.png)' 'no picture ../../../out.png'
refused '<div>' 'HTML in a lesson: <div>'

# ---- figures begin with the numbers of the demos, whose own are not shared
region() { sed -n "\\|^// \\[$2\$|,\\|^// $2\\]\$|p" "$1"; }
for name in points train; do
    region chapters/01_dense_ffn/demo.c $name >"$work/theirs"
    region chapters/pages/figure_neuron.c $name >"$work/ours"
    [ -s "$work/ours" ] || failure "figure_neuron.c: no region $name"
    diff "$work/theirs" "$work/ours" >&2 || failure "figure_neuron.c: $name is not the demo's"
done
lists=$(grep -F 'const double a[N] = {' chapters/pages/figure_keys.c)
grep -q -F -e "$lists" chapters/04_product_keys/demo.c ||
    failure "figure_keys.c: the lists are not the demo's"

# ---- in a browser
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
[ -n "$chromium" ] || {
    echo "skipped: the browser's part of $test_name, which needs chromium"
    finish
}
drive() { # COMMANDS: stderr has the problems
    "$browser" "$chromium" "$work/profile" <"$1" >"$work/printed" 2>"$work/problems"
}

# every page at both widths, light and dark: no errors, nothing wider than the window, no equation
# in a narrow column
shots=$work/shots
mkdir "$shots"
visit() { # WIDTH HEIGHT SCHEME PAPER: of this colour
    printf 'size %d %d\nscheme %s\n' "$1" "$2" "$3"
    for page in "$pages"/*.html; do
        cat <<END
open file://$page
check document.documentElement.scrollWidth <= innerWidth
check getComputedStyle(document.body).backgroundColor === '$4'
check [...document.querySelectorAll('.line > span')].every((e) => e.offsetHeight < 120)
check [...document.images].every((i) => i.complete && i.naturalWidth > 0 && i.alt !== '')
check [...document.querySelectorAll('section.figure')].every((s) => s.children.length > 3)
screenshot $shots/$(basename "$page" .html)-$1-$3.png
END
    done
}
light='rgb(252, 251, 248)' dark='rgb(13, 16, 20)'
{
    visit 390 844 light "$light"
    visit 390 844 dark "$dark"
    visit 1280 900 light "$light"
    visit 1280 900 dark "$dark"
} >"$work/commands"
drive "$work/commands" || failure "the pages: $(cat "$work/problems")"
[ "$(find "$shots" -size +8k | wc -l)" = $((4 * $(find "$pages" -name '*.html' | wc -l))) ] ||
    failure 'not every page has a screenshot'

# each figure: the worst difference from the C code is 0 where this was measured; 1e-9 leaves room
# for another libm. A planted error of 1e-6 is found.
cat >"$work/commands" <<END
size 390 844
open file://$pages/chapter-01.html
check figures.neuron.worst(numbersOf('neuron')) < 1e-9
check numbersOf('neuron').checks.length >= 5
check (window.n = numbersOf('neuron'), n.checks[2].gradient[1] += 1e-6, true)
check figures.neuron.worst(n) > 1e-7
check (window.n = numbersOf('neuron'), n.checks[0].loss = NaN, figures.neuron.worst(n) > 1)
check document.querySelector('.state b').textContent === '3.5322'
focus .control:nth-child(3) input
key ArrowRight 50
check document.querySelector('.control:nth-child(3) output').textContent === '0.60'
check document.querySelector('.state b').textContent !== '3.5322'
click .buttons button:last-child
check document.querySelector('.state b').textContent === '3.5322'
focus .buttons button
key Enter
check document.querySelector('.state b').textContent === '2.3790'
click .buttons button:nth-child(4)
check Number(document.querySelector('.state b').textContent) < 0.0214
drag [data-drag="end"] 0 60
check Math.abs(document.querySelector('.control:nth-child(3) output').textContent - 0.83) < 0.02
drag [data-drag="bend"] -40 0
check Number(document.querySelector('.control:nth-child(2) output').textContent) > -1

open file://$pages/chapter-04.html
check figures.keys.worst(numbersOf('keys')) === 0
check numbersOf('keys').checks.length > 40
check (window.n = numbersOf('keys'), n.checks[0].index[1] += 1, figures.keys.worst(n) > 0)
check document.querySelectorAll('.best').length === 4
focus .controls input
key ArrowRight
check document.querySelectorAll('.best').length === 5
click .check
check document.querySelector('[data-drag="b0"]').parentNode.style.gridColumn === '2'
click .figure summary
drag [data-drag="b3"] 100 0
check document.querySelector('[data-drag="b3"]').textContent === '8'
drag [data-drag="a2"] 400 0
check document.querySelector('[data-drag="a2"]').textContent === '10'

open file://$pages/chapter-06.html
check figures.plane.worst(numbersOf('plane')) < 1e-9
check numbersOf('plane').checks.length === 81
check (window.n = numbersOf('plane'), n.in[8 * 26] += 1e-6, figures.plane.worst(n) > 1e-9)
check document.querySelector('.figure tbody td').textContent === String(n.checks[40].index[0])
focus .control:nth-child(2) input
key End
check document.querySelector('.control:nth-child(2) output').textContent === '1.00'
drag .plane canvas 70 70
check document.querySelector('.control:nth-child(1) output').textContent > '0.5'
check document.querySelector('.control:nth-child(2) output').textContent > '0.5'

open file://$pages/chapter-07_training.html
check figures.sampling.worst(numbersOf('sampling')) === 0
check numbersOf('sampling').checks.length === 400
check (window.n = numbersOf('sampling'), n.checks[3].token += 1, figures.sampling.worst(n) === 1)
check document.querySelector('.state b').textContent === 'hat'
click .words button:nth-child(4)
check document.querySelector('.words button:nth-child(4)').getAttribute('aria-pressed') === 'true'
check document.querySelector('.state b').textContent !== 'hat'
focus .control:nth-child(2) input
key Home
check document.querySelector('.state').textContent.startsWith('1 of 34')

open file://$pages/chapter-08.html
check figures.roofline.worst(numbersOf('roofline')) < 1e-9
check numbersOf('roofline').checks.length === 90
check (window.n = numbersOf('roofline'), n.scales[1].layers[3].router *= 1.000001, true)
check figures.roofline.worst(n) > 1e-9
focus .control input
key Home
check document.querySelector('.figure tbody td:nth-child(2)').textContent === '0.496'
key End
check document.querySelector('.figure tbody td:nth-child(2)').textContent === '63.9'
click .check
check Number(document.querySelector('.figure tbody td:nth-child(2)').textContent) < 1
check [...document.querySelectorAll('input, select')].every((e) => e.labels[0] || e.ariaLabel)
END
drive "$work/commands" || failure "the figures: $(cat "$work/problems")"

# errors are found: a check that is not true, an exception, a message on the console
printf '<script>console.log("hello"); gone();</script>' >"$work/planted.html"
printf 'open file://%s\ncheck 1 + 1 === 3\n' "$work/planted.html" >"$work/commands"
drive "$work/commands" && failure 'the browser finds no planted errors'
for message in 'console: hello' 'ReferenceError: gone' 'not true: 1 + 1 === 3'; do
    grep -q -F -e "$message" "$work/problems" || failure "no '$message': $(cat "$work/problems")"
done
finish
