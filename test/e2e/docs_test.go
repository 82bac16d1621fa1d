package e2e_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// block is a shell block of a document. A comment in the line before it names the story that it belongs to, or says why it
// belongs to none.
type block struct{ story, script string }

var (
	shellBlock = regexp.MustCompile("(?s)(?:<!-- test: ([^\n]+) -->\n)?```(?:sh|bash|shell)\n(.*?)```")
	noStory    = "none: "
)

// blocks reads the shell blocks of a document.
func blocks(path string) []block {
	GinkgoHelper()
	text, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	var all []block
	for _, match := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		Expect(match[1]).NotTo(BeEmpty(), "no comment \"<!-- test: ... -->\" in the line before this block of %s:\n%s", path, match[2])
		all = append(all, block{match[1], match[2]})
	}
	Expect(all).NotTo(BeEmpty())
	return all
}

// Each story of docs/install.md runs from the document itself, on a cluster without the operator.
var _ = Describe("docs/install.md", Ordered, Label("install"), func() {
	BeforeAll(func(ctx SpecContext) { wipe(ctx) }, NodeTimeout(3*time.Minute))

	AfterAll(func(ctx SpecContext) {
		wipe(ctx)
		must(ctx, "kubernetes/kubectl", "apply", "--server-side", "-k", config+"/default")
		must(ctx, "kubernetes/kubectl", "-n", operatorNamespace, "rollout", "status", "deployment/"+operatorName, "--timeout=120s")
	}, NodeTimeout(3*time.Minute))

	It("says what works", func(ctx SpecContext) {
		stories := map[string][]string{}
		for _, b := range blocks("../../docs/install.md") {
			if !strings.HasPrefix(b.story, noStory) {
				stories[b.story] = append(stories[b.story], b.script)
			}
		}
		Expect(len(stories)).To(BeNumerically(">", 3))
		for _, story := range slices.Sorted(maps.Keys(stories)) {
			folder := workingFolder()
			for _, script := range stories[story] {
				GinkgoWriter.Printf("%s:\n%s", story, script)
				out, err := shell(ctx, folder, script)
				Expect(err).NotTo(HaveOccurred(), "%s: %s\n%s", story, script, out)
			}
			wipe(ctx)
		}
	}, SpecTimeout(8*time.Minute))
})

// workingFolder is where a person would stand: a folder with what a checkout has.
func workingFolder() string {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	for _, name := range []string{"charts", "config"} {
		target, err := filepath.Abs("../../" + name)
		Expect(err).NotTo(HaveOccurred())
		Expect(os.Symlink(target, filepath.Join(folder, name))).To(Succeed())
	}
	return folder
}

// shell runs a script with the programs that a person would have.
func shell(ctx context.Context, folder, script string) (string, error) {
	GinkgoHelper()
	bin, err := filepath.Abs(tool(""))
	Expect(err).NotTo(HaveOccurred())
	command := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	command.Dir = folder
	command.Env = append(os.Environ(), "PATH="+bin+":"+filepath.Join(bin, "kubernetes")+":"+os.Getenv("PATH"))
	out, err := command.CombinedOutput()
	return string(out), err
}

// wipe removes every operator and what it needs, however it got there.
func wipe(ctx context.Context) {
	GinkgoHelper()
	for _, namespace := range []string{operatorNamespace, "team-a"} {
		must(ctx, "helm", "uninstall", operatorName, "--namespace", namespace, "--ignore-not-found", "--wait")
	}
	must(ctx, "kubernetes/kubectl", "delete", "--ignore-not-found", "--wait", "-k", config+"/default")
	must(ctx, "kubernetes/kubectl", "delete", "--ignore-not-found", "--wait", "-k", config+"/namespaced")
	must(ctx, "kubernetes/kubectl", "delete", "--ignore-not-found", "--wait", "namespace", "team-a")
}
