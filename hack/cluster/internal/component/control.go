package component

import "github.com/authserver-dev/operator/hack/cluster/internal/layout"

const (
	etcdClient = "http://127.0.0.1:23790"
	etcdPeer   = "http://127.0.0.1:23800"
)

func etcd(l layout.Layout) Component {
	return Component{
		Name:   Etcd,
		Health: etcdClient + "/health",
		Args: []string{
			"--data-dir", l.Path("etcd"),
			"--listen-client-urls", etcdClient, "--advertise-client-urls", etcdClient,
			"--listen-peer-urls", etcdPeer, "--initial-advertise-peer-urls", etcdPeer, "--initial-cluster", "default=" + etcdPeer,
			// The data lives no longer than the cluster; after a crash of the machine `down` and `up` are quicker than any fsync.
			"--unsafe-no-fsync",
			"--log-level", "warn",
		},
	}
}

func apiServer(l layout.Layout) Component {
	return Component{
		Name:   APIServer,
		Health: layout.APIServer + "/readyz",
		Args: []string{
			"--etcd-servers", etcdClient,
			"--bind-address", layout.NodeIP, "--advertise-address", layout.NodeIP, "--secure-port", "6443",
			"--service-cluster-ip-range", layout.ServiceCIDR,
			"--authorization-mode", "Node,RBAC", "--enable-admission-plugins", "NodeRestriction",
			"--client-ca-file", l.PKI("ca.crt"),
			"--tls-cert-file", l.PKI("apiserver.crt"), "--tls-private-key-file", l.PKI("apiserver.key"),
			"--kubelet-certificate-authority", l.PKI("ca.crt"),
			"--kubelet-client-certificate", l.PKI("kubelet-client.crt"), "--kubelet-client-key", l.PKI("kubelet-client.key"),
			// By address: nobody resolves the node's name.
			"--kubelet-preferred-address-types", "InternalIP",
			"--service-account-issuer", "https://kubernetes.default.svc.cluster.local",
			"--service-account-key-file", l.PKI("sa.key"), "--service-account-signing-key-file", l.PKI("sa.key"),
			"--allow-privileged=true",
			"--shutdown-delay-duration=0s",
		},
	}
}

func controllerManager(l layout.Layout) Component {
	return Component{
		Name:   ControllerManager,
		Health: "https://127.0.0.1:10257/healthz",
		Args: []string{
			"--kubeconfig", l.Kubeconfig("controller-manager"), "--leader-elect=false", "--use-service-account-credentials=true",
			"--service-account-private-key-file", l.PKI("sa.key"), "--root-ca-file", l.PKI("ca.crt"),
			"--bind-address=127.0.0.1", "--authentication-skip-lookup=true", "--allocate-node-cidrs=false",
		},
	}
}

func scheduler(l layout.Layout) Component {
	return Component{
		Name:   Scheduler,
		Health: "https://127.0.0.1:10259/healthz",
		Args: []string{
			"--kubeconfig", l.Kubeconfig("scheduler"), "--leader-elect=false",
			"--bind-address=127.0.0.1", "--authentication-skip-lookup=true",
		},
	}
}
