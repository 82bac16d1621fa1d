package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// faults lists what a screen reader would stumble over.
const faults = `(() => {
	const out = [];
	if (document.documentElement.lang !== "en") out.push("the html element has no language");
	if (!document.title.trim()) out.push("the page has no title");
	if (document.querySelectorAll("h1").length !== 1) out.push("the page has not exactly one h1");
	if (document.querySelectorAll("main").length !== 1) out.push("the page has not exactly one main");
	for (const e of document.querySelectorAll("input:not([type=hidden])")) if (!e.labels.length) out.push("no label: " + e.outerHTML);
	for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) out.push("no alt: " + e.outerHTML);
	for (const e of document.querySelectorAll("button, a")) if (!e.innerText.trim()) out.push("no name: " + e.outerHTML);
	const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
	if (new Set(ids).size !== ids.length) out.push("an id is used twice: " + ids);
	for (const e of document.querySelectorAll("[aria-describedby]"))
		if (!document.getElementById(e.getAttribute("aria-describedby"))) out.push("described by nothing: " + e.outerHTML);
	return out;
})()`

// focused describes what has the focus, "" at the end of the page, once the page has scrolled to it.
const focused = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => {` + colors + `
	const e = document.activeElement;
	if (!e || e === document.body) return { name: "" };
	const style = getComputedStyle(e), box = e.getBoundingClientRect();
	return {
		name: e.outerHTML.slice(0, 120),
		outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
		contrast: ratio(parse(style.outlineColor), behind(e.parentElement)),
		inView: box.height > 0 && box.bottom > 1 && box.top < innerHeight - 1 && box.left >= 0 && box.right <= innerWidth,
		height: box.height,
	};
})`

type focus struct {
	Name     string  `json:"name"`
	Outlined bool    `json:"outlined"`
	Contrast float64 `json:"contrast"`
	InView   bool    `json:"inView"`
	Height   float64 `json:"height"`
}

func TestAccessibility(t *testing.T) {
	for _, p := range shownPages(t) {
		t.Run(p.name, func(t *testing.T) {
			tb := newTab(t)
			p.open(t, tb)
			for _, fault := range ask[[]string](t, tb, faults) {
				t.Error(fault)
			}
			for _, scheme := range []string{"light", "dark"} {
				tb.setScheme(t, scheme)
				tb.wantVisibleFocus(t, scheme)
			}
			// Zoom makes the page's pixels larger and so fewer: 200 % (WCAG 2.2, 1.4.4) and 400 % (1.4.10) of 1280 x 900.
			for _, s := range []screen{{"200 %", 640, 450, 2, false}, {"400 %", 320, 225, 4, false}} {
				tb.setScreen(t, s)
				tb.wantFits(t, s)
				tb.wantVisibleFocus(t, s.name)
			}
		})
	}
}

// wantVisibleFocus goes round the page with Tab: each stop must be in view and be seen to have the focus.
func (tb *tab) wantVisibleFocus(t *testing.T, where string) {
	t.Helper()
	want := ask[int](t, tb, `document.querySelectorAll("a[href], button, input:not([type=hidden])").length`)
	ask[bool](t, tb, `(document.activeElement.blur(), true)`)
	stops := map[string]bool{}
	for range 2*want + 2 {
		tb.keys(t, kb.Tab)
		f := ask[focus](t, tb, focused)
		if f.Name == "" || stops[f.Name] {
			continue
		}
		stops[f.Name] = true
		if !f.Outlined || f.Contrast < 3 {
			t.Errorf("%s: the focus cannot be seen (contrast %.2f) on %s", where, f.Contrast, f.Name)
		}
		if !f.InView || f.Height < 24 {
			t.Errorf("%s: this has the focus out of view, or is too small (%.0f pixels high): %s", where, f.Height, f.Name)
		}
	}
	if len(stops) != want {
		t.Errorf("%s: Tab reaches %d of %d: %v", where, len(stops), want, stops)
	}
}
