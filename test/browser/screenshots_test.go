package browser_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// screen is what a person looks at.
type screen struct {
	name          string
	width, height int64
	scale         float64
	mobile        bool
}

func (tb *tab) setScreen(t *testing.T, s screen) {
	t.Helper()
	tb.do(t, command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: s.width, Height: s.height, DeviceScaleFactor: s.scale, Mobile: s.mobile,
	}))
}

func (tb *tab) setScheme(t *testing.T, scheme string) {
	t.Helper()
	tb.do(t, command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}))
}

func TestScreenshots(t *testing.T) {
	dir := os.Getenv("SCREENSHOTS_DIR")
	if dir == "" {
		dir = filepath.Join("..", "..", "artifacts", "screenshots")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	screens := []screen{{"phone", 390, 844, 2, true}, {"desktop", 1280, 900, 1, false}}
	for _, p := range shownPages(t) {
		t.Run(p.name, func(t *testing.T) {
			tb := newTab(t)
			p.open(t, tb)
			for _, s := range screens {
				tb.setScreen(t, s)
				tb.wantFits(t, s)
				for _, scheme := range []string{"light", "dark"} {
					tb.setScheme(t, scheme)
					tb.wantContrast(t, scheme)
					picture, err := chromedp.Run(tb.ctx, chromedp.FullScreenshot(100))
					if err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%s.png", p.name, s.name, scheme)), picture, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		})
	}
}

// overflowing lists what is wider than the card that it is in.
const overflowing = `(() => {
	const card = document.querySelector("main").getBoundingClientRect();
	return [...document.querySelectorAll("main *")].filter(e => {
		const box = e.getBoundingClientRect();
		return box.width > 0 && (box.left < card.left - 1 || box.right > card.right + 1);
	}).map(e => e.outerHTML.slice(0, 120));
})()`

// wantFits fails the test if the page has to be scrolled sideways, or content sticks out of the card.
func (tb *tab) wantFits(t *testing.T, s screen) {
	t.Helper()
	// Not innerWidth: a phone zooms out of a page that is too wide, and that makes innerWidth grow.
	if width := ask[int64](t, tb, "document.documentElement.scrollWidth"); width > s.width {
		t.Errorf("%s: the page is %d pixels wide on a screen of %d", s.name, width, s.width)
	}
	for _, element := range ask[[]string](t, tb, overflowing) {
		t.Errorf("%s: this sticks out of the card: %s", s.name, element)
	}
}

// colors are functions of the page's script: the contrast ratio of WCAG 2.2, and the color behind an element.
const colors = `
	const parse = text => text.match(/[\d.]+/g).map(Number);
	const luminance = c => c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m); return (x + 0.05) / (y + 0.05); };
	const behind = e => {
		for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; }
		return [255, 255, 255];
	};`

// faint lists text with less contrast than WCAG 2.2, 1.4.3 demands, and fields whose border has less than 1.4.11 demands.
const faint = `(() => {` + colors + `
	const out = [];
	for (const e of document.querySelectorAll("main *")) {
		const style = getComputedStyle(e), box = e.getBoundingClientRect();
		if (box.width === 0) continue;
		const text = e.matches("input") || [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
		const got = ratio(parse(style.color), behind(e));
		if (text && got < 4.5) out.push("text " + got.toFixed(2) + " " + e.outerHTML.slice(0, 120));
		if (e.matches("input")) {
			const border = ratio(parse(style.borderTopColor), behind(e.parentElement));
			if (border < 3) out.push("border " + border.toFixed(2) + " " + e.outerHTML.slice(0, 120));
		}
	}
	return out;
})()`

func (tb *tab) wantContrast(t *testing.T, scheme string) {
	t.Helper()
	for _, element := range ask[[]string](t, tb, faint) {
		t.Errorf("%s: too little contrast: %s", scheme, element)
	}
}
