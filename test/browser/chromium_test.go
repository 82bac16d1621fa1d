package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const skipVariable = "AUTHSERVER_TEST_SKIP_BROWSER"

// reportViolations turns what the page's own policy blocks into console errors.
const reportViolations = `document.addEventListener("securitypolicyviolation",
	e => console.error("securitypolicyviolation " + e.violatedDirective + " " + e.blockedURI));`

// tab is a tab of a fresh Chromium with an empty profile.
type tab struct {
	ctx context.Context

	// failed are the loads of documents that failed.
	failed chan *network.EventLoadingFailed

	mu       sync.Mutex
	problems []string
}

// chromium returns the path of the browser.
func chromium(t *testing.T) string {
	t.Helper()
	if os.Getenv(skipVariable) == "1" {
		t.Skip(skipVariable + "=1")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("Chromium is needed: install the Debian package chromium (hack/deps.sh e2e does), or set %s=1: %v", skipVariable, err)
	}
	return path
}

// newTab starts Chromium. When the test ends it fails if the tab has seen a violation of a policy or an error of a script.
func newTab(t *testing.T) *tab {
	t.Helper()
	tb := openTab(t)
	t.Cleanup(func() {
		for _, problem := range tb.seen() {
			t.Errorf("the browser reports: %s", problem)
		}
	})
	return tb
}

// openTab starts Chromium. The problems it sees are left to the caller.
func openTab(t *testing.T) *tab {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium(t)), chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.Flag("headless", "new"), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("password-store", "basic"),
		chromedp.IgnoreCertErrors, chromedp.Flag("force-color-profile", "srgb"), chromedp.WSURLReadTimeout(patience), chromedp.WindowSize(1280, 900),
	}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium refuses its sandbox to root
	}
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	ctx, _ := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("stopping Chromium: %v", err)
		}
		stop()
	})
	tb := &tab{ctx: ctx, failed: make(chan *network.EventLoadingFailed, 8)}
	if err := chromedp.Listen(ctx, tb.event); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	tb.do(
		t,
		command(cdplog.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{}), command(network.Enable, network.EnableParams{}),
		command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		command(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: reportViolations}),
	)
	return tb
}

// command makes an action of a command whose result does not matter.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	})
}

// event notes what goes wrong in the page.
func (tb *tab) event(event any) {
	problem := ""
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		// A page with an error status, which some tests ask for, is no problem of the page.
		if e.Entry.Source != cdplog.EntrySourceNetwork && e.Entry.Level != cdplog.EntryLevelVerbose && e.Entry.Level != cdplog.EntryLevelInfo {
			problem = fmt.Sprintf("%s %s: %s (%s)", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			var words []string
			for _, argument := range e.Args {
				words = append(words, string(argument.Value))
			}
			problem = "console: " + strings.Join(words, " ")
		}
	case *network.EventLoadingFailed:
		if e.Type == network.ResourceTypeDocument {
			select {
			case tb.failed <- e:
			default: // nobody looks
			}
		}
	case *runtime.EventExceptionThrown:
		problem = "exception: " + e.ExceptionDetails.Text
	}
	if problem == "" {
		return
	}
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.problems = append(tb.problems, problem)
}

func (tb *tab) seen() []string {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	return append([]string(nil), tb.problems...)
}

// do runs the actions.
func (tb *tab) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	// The first action starts the browser, which lives as long as that action's context.
	if _, err := chromedp.Run(tb.ctx, chromedp.Steps()); err != nil {
		t.Fatalf("starting Chromium: %v", err)
	}
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatalf("driving Chromium: %v", err)
	}
}

// open opens the page and waits until it is there.
func (tb *tab) open(t *testing.T, url string) {
	t.Helper()
	tb.do(t, chromedp.Navigate(url))
}

// await waits until the page shows what the selector names.
func (tb *tab) await(t *testing.T, selector string) {
	t.Helper()
	tb.do(t, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// keys types. There is nothing else with which these tests operate the page.
func (tb *tab) keys(t *testing.T, keys ...string) {
	t.Helper()
	tb.do(t, chromedp.KeyEvent(strings.Join(keys, "")))
}

// tabTo presses Tab and fails the test unless the focus is then where it should be.
func (tb *tab) tabTo(t *testing.T, selector string) {
	t.Helper()
	tb.keys(t, kb.Tab)
	tb.wantFocus(t, selector)
}

func (tb *tab) wantFocus(t *testing.T, selector string) {
	t.Helper()
	if !ask[bool](t, tb, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
		t.Fatalf("the focus is on %s, want %s", ask[string](t, tb, "document.activeElement.outerHTML.slice(0, 200)"), selector)
	}
}

// ask evaluates an expression in the page, and what it promises.
func ask[T any](t *testing.T, tb *tab, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("evaluating %s: %v", expression, err)
	}
	return value
}
