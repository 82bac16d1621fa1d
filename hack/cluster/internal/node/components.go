package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/component"
	"github.com/authserver-dev/operator/hack/cluster/internal/layout"
	"github.com/authserver-dev/operator/hack/cluster/internal/network"
	"github.com/authserver-dev/operator/hack/cluster/internal/process"
	"github.com/authserver-dev/operator/hack/cluster/internal/teardown"
)

const (
	// startTimeout is generous: on a busy machine with two cores an API server may take a minute.
	startTimeout = 2 * time.Minute
	// stopGrace is short: the API server stops listening at once, and then waits for watches that do not end by themselves.
	stopGrace = 2 * time.Second
	// lingerTimeout is for processes that were killed: some threads may hold the port a while longer.
	lingerTimeout = 3 * time.Second
)

// errGone says that a process ended instead of becoming healthy.
var errGone = errors.New("it ended")

// StartComponent starts a component unless it runs, and waits until it answers.
func (n *Node) StartComponent(ctx context.Context, name string) error {
	return n.withLock(ctx, name, func() error { return n.ensureComponent(ctx, name) })
}

// StopComponent stops a component.
func (n *Node) StopComponent(ctx context.Context, name string) error {
	return n.withLock(ctx, name, func() error { return n.keeper.Stop(ctx, name, stopGrace) })
}

// withLock runs work on one component of a node that exists.
func (n *Node) withLock(ctx context.Context, name string, work func() error) error {
	if _, err := component.Get(name, n.layout, ""); err != nil {
		return err
	}
	release, err := n.begin(ctx)
	if err != nil {
		return err
	}
	defer release.Close()
	if !exists(n.Kubeconfig()) {
		return errors.New("there is no node; run up first")
	}
	return work()
}

// checkRoom refuses to work beside another node, before anything is changed: its addresses, ports and files are ours.
func (n *Node) checkRoom(ctx context.Context) error {
	var running []int
	var down []string
	for _, name := range component.Names() {
		if pid := n.keeper.PID(name); pid != 0 {
			running = append(running, pid)
		} else {
			down = append(down, name)
		}
	}
	strangers, err := teardown.Unrecorded(n.layout, component.Names(), running...)
	if err != nil {
		return err
	}
	if len(strangers) > 0 {
		return fmt.Errorf("processes %v work in %s, but this command has no record of them; run down first", strangers, n.layout.State())
	}
	for _, name := range down {
		if err := n.checkAddress(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// checkAddress refuses to start a component where somebody else listens.
func (n *Node) checkAddress(ctx context.Context, name string) error {
	c, err := component.Get(name, n.layout, "")
	if err != nil {
		return err
	}
	address := c.Address()
	if address == "" {
		return nil
	}
	return waitFor(ctx, lingerTimeout, func(ctx context.Context) error {
		if taken(ctx, address) {
			return fmt.Errorf("somebody else listens on %s, where our %s would; is another cluster up on this machine?", address, name)
		}
		return nil
	})
}

// taken says whether somebody listens at the address. It finds out by listening there itself: while the address is not
// yet this machine's, to connect would lead away from it, perhaps to a proxy that accepts everything.
func taken(ctx context.Context, address string) bool {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return errors.Is(err, syscall.EADDRINUSE)
	}
	_ = listener.Close()
	return false
}

// ensureComponent starts a component, or starts it anew if it runs otherwise than it should, and waits until it answers.
func (n *Node) ensureComponent(ctx context.Context, name string) error {
	c, err := component.Get(name, n.layout, network.PluginFolder())
	if err != nil {
		return err
	}
	spec, err := n.processOf(c)
	if err != nil {
		return err
	}
	if !n.keeper.Current(spec) {
		if err := n.restart(ctx, c, spec); err != nil {
			return err
		}
	}
	err = waitFor(ctx, startTimeout, func(ctx context.Context) error {
		if n.keeper.PID(name) == 0 {
			return errGone
		}
		return n.healthy(ctx, name)
	})
	if err != nil {
		return fmt.Errorf("%w; the end of %s:\n%s", err, n.keeper.LogFile(name), n.keeper.Tail(name, 15))
	}
	return nil
}

// restart stops the component if it runs, writes its configuration and starts it.
func (n *Node) restart(ctx context.Context, c component.Component, spec process.Spec) error {
	if err := n.keeper.Stop(ctx, c.Name, stopGrace); err != nil {
		return err
	}
	if c.ConfigFile != "" {
		if err := os.WriteFile(c.ConfigFile, []byte(c.Config), 0o600); err != nil {
			return fmt.Errorf("writing the configuration of %s: %w", c.Name, err)
		}
	}
	return n.keeper.Start(spec)
}

// processOf turns a component into a process.
func (n *Node) processOf(c component.Component) (process.Spec, error) {
	path, revision, err := n.program(c)
	if err != nil {
		return process.Spec{}, err
	}
	return process.Spec{
		Name: c.Name, Path: path, Args: c.Args,
		Env:      []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + n.layout.State()},
		Revision: fmt.Sprintf("%x %s", sha256.Sum256([]byte(c.Config)), revision),
	}, nil
}

// program finds the program of a component and what it was built from; an installed one has no such revision.
func (n *Node) program(c component.Component) (path, revision string, err error) {
	if c.Installed {
		path, err = installed(c.Name)
		return path, "", err
	}
	revision, err = n.builder.Revision(c.Name)
	return filepath.Join(n.builder.BinDir(), c.Name), revision, err
}

// healthy asks a component whether it works.
func (n *Node) healthy(ctx context.Context, name string) error {
	c, err := component.Get(name, n.layout, "")
	if err != nil {
		return err
	}
	if c.Health == "" {
		_, err := n.ctr(ctx, "version")
		return err
	}
	return n.get(ctx, c.Health)
}

// get expects 200 from the URL, as the administrator.
func (n *Node) get(ctx context.Context, url string) error {
	certificate, err := tls.LoadX509KeyPair(n.layout.PKI("admin.crt"), n.layout.PKI("admin.key"))
	if err != nil {
		return fmt.Errorf("loading the administrator's certificate: %w", err)
	}
	ca, err := os.ReadFile(n.layout.PKI("ca.crt"))
	if err != nil {
		return fmt.Errorf("loading the certificate authority: %w", err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool(), Certificates: []tls.Certificate{certificate}}
	config.RootCAs.AppendCertsFromPEM(ca)
	// Scheduler and controller manager make their own certificates on loopback, where only their health is asked.
	config.InsecureSkipVerify = !strings.HasPrefix(url, layout.APIServer)
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("asking %s: %w", url, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1000))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s: %s", url, response.Status, bytes.TrimSpace(body))
	}
	return err
}
