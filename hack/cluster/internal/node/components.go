package node

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/authserver-dev/operator/hack/cluster/internal/process"
)

// Components returns the names of the node's processes in the order in which they start.
func Components() []string {
	return []string{"containerd", "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"}
}

// component returns the step that starts one component and waits for it.
func (n *Node) component(name string) func(context.Context) error {
	return func(ctx context.Context) error { return n.StartComponent(ctx, name) }
}

// StartComponent starts a component unless it runs, and waits until it answers.
func (n *Node) StartComponent(ctx context.Context, name string) error {
	if !slices.Contains(Components(), name) {
		return fmt.Errorf("unknown component %q", name)
	}
	if err := n.writeConfig(name); err != nil {
		return err
	}
	path := name
	if name != "containerd" {
		path = filepath.Join(n.builder.BinDir(), name)
	}
	if err := n.keeper.Start(process.Spec{Name: name, Path: path, Args: n.arguments(name)}); err != nil {
		return err
	}
	err := waitFor(ctx, 90*time.Second, func(ctx context.Context) error {
		if n.keeper.PID(name) == 0 {
			return errors.New("it ended")
		}
		return n.healthy(ctx, name)
	})
	if err != nil {
		return fmt.Errorf("waiting for %s: %w; the end of %s:\n%s", name, err, n.keeper.LogFile(name), n.keeper.Tail(name, 15))
	}
	return nil
}

// StopComponent stops a component.
func (n *Node) StopComponent(ctx context.Context, name string) error {
	if !slices.Contains(Components(), name) {
		return fmt.Errorf("unknown component %q", name)
	}
	return n.keeper.Stop(ctx, name)
}

// arguments returns the command line of a component.
func (n *Node) arguments(name string) []string {
	switch name {
	case "containerd":
		return []string{"--config", n.path("containerd.toml")}
	case "etcd":
		return []string{
			"--data-dir", n.path("etcd"), "--listen-client-urls", "http://127.0.0.1:23790", "--advertise-client-urls", "http://127.0.0.1:23790",
			"--listen-peer-urls", "http://127.0.0.1:23800", "--initial-advertise-peer-urls", "http://127.0.0.1:23800",
			"--initial-cluster", "default=http://127.0.0.1:23800", "--unsafe-no-fsync", "--log-level", "warn",
		}
	case "kube-apiserver":
		return n.apiServerArguments()
	case "kube-controller-manager":
		return []string{
			"--kubeconfig", n.path("controller-manager.kubeconfig"), "--leader-elect=false", "--use-service-account-credentials=true",
			"--service-account-private-key-file", n.path("pki", "sa.key"), "--root-ca-file", n.path("pki", "ca.crt"),
			"--bind-address=127.0.0.1", "--authentication-skip-lookup=true", "--allocate-node-cidrs=false",
		}
	case "kube-scheduler":
		return []string{"--kubeconfig", n.path("scheduler.kubeconfig"), "--leader-elect=false", "--bind-address=127.0.0.1", "--authentication-skip-lookup=true"}
	case "kubelet":
		return []string{
			"--config", n.path("kubelet.yaml"), "--kubeconfig", n.path("kubelet.kubeconfig"), "--hostname-override", nodeName,
			"--node-ip", nodeIP, "--root-dir", n.path("kubelet"), "--cert-dir", n.path("pki"),
		}
	default: // kube-proxy
		return []string{"--config", n.path("kube-proxy.yaml")}
	}
}

func (n *Node) apiServerArguments() []string {
	pki := func(name string) string { return n.path("pki", name) }
	return []string{
		"--etcd-servers", "http://127.0.0.1:23790", "--bind-address", nodeIP, "--advertise-address", nodeIP, "--secure-port", "6443",
		"--service-cluster-ip-range", serviceCIDR, "--authorization-mode", "Node,RBAC", "--enable-admission-plugins", "NodeRestriction",
		"--client-ca-file", pki("ca.crt"), "--tls-cert-file", pki("apiserver.crt"), "--tls-private-key-file", pki("apiserver.key"),
		"--kubelet-certificate-authority", pki("ca.crt"), "--kubelet-client-certificate", pki("kubelet-client.crt"),
		"--kubelet-client-key", pki("kubelet-client.key"), "--kubelet-preferred-address-types", "InternalIP",
		"--service-account-issuer", "https://kubernetes.default.svc.cluster.local", "--service-account-key-file", pki("sa.key"),
		"--service-account-signing-key-file", pki("sa.key"), "--allow-privileged=true", "--shutdown-delay-duration=0s",
	}
}

// healthy asks a component whether it serves.
func (n *Node) healthy(ctx context.Context, name string) error {
	switch name {
	case "containerd":
		_, err := n.ctr(ctx, "version")
		return err
	case "etcd":
		return n.get(ctx, "http://127.0.0.1:23790/health")
	case "kube-apiserver":
		return n.get(ctx, apiServer+"/readyz")
	case "kube-controller-manager":
		return n.get(ctx, "https://127.0.0.1:10257/healthz")
	case "kube-scheduler":
		return n.get(ctx, "https://127.0.0.1:10259/healthz")
	case "kubelet":
		return n.get(ctx, "http://127.0.0.1:10248/healthz")
	default: // kube-proxy
		return n.get(ctx, "http://127.0.0.1:10256/healthz")
	}
}

// get expects 200 from the URL, as the administrator.
func (n *Node) get(ctx context.Context, url string) error {
	certificate, err := tls.LoadX509KeyPair(n.path("pki", "admin.crt"), n.path("pki", "admin.key"))
	if err != nil {
		return err
	}
	ca, err := os.ReadFile(n.path("pki", "ca.crt"))
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	// The scheduler and the controller manager make their own certificates on loopback; only health is asked there.
	config := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{certificate}, InsecureSkipVerify: !strings.HasPrefix(url, apiServer)} //nolint:gosec // see above
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 1000)) // best effort, for the message
		return fmt.Errorf("%s answered %s: %s", url, response.Status, body)
	}
	return nil
}
