package v1alpha1

import corev1 "k8s.io/api/core/v1"

// PodTemplate adjusts the pods of a server.
type PodTemplate struct {
	// labels are added to the pods. Default none. Keys under app.kubernetes.io/ and authserver.dev/ belong to the operator.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('app.kubernetes.io/') && !k.startsWith('authserver.dev/'))",message="label keys under app.kubernetes.io/ and authserver.dev/ are set by the operator: remove them"
	Labels map[string]string `json:"labels,omitempty"`

	// annotations are added to the pods. Default none. Keys under authserver.dev/ belong to the operator.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('authserver.dev/'))",message="annotation keys under authserver.dev/ are set by the operator: remove them"
	Annotations map[string]string `json:"annotations,omitempty"`

	// nodeSelector restricts the nodes by their labels. Default none.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`

	// tolerations let the pods run on tainted nodes. Default none.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`

	// affinity places the pods. Unset, with more than one replica, the pods prefer different nodes.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`

	// topologySpreadConstraints spread the pods. Default none.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	TopologySpreadConstraints []corev1.TopologySpreadConstraint `json:"topologySpreadConstraints,omitempty"`

	// priorityClassName is the priority class of the pods. Default none.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	PriorityClassName string `json:"priorityClassName,omitempty"`

	// serviceAccountName is the service account of the pods, for image pull secrets or policies bound to it. Its token is
	// never mounted. Unset makes one without permissions that is named like the server.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// terminationGracePeriodSeconds is how long a pod may finish requests before it is killed. Default 30 seconds.
	// +optional
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=3600
	TerminationGracePeriodSeconds *int64 `json:"terminationGracePeriodSeconds,omitempty"`
}

// ServiceType is the type of a Service.
//
// +kubebuilder:validation:Enum=ClusterIP;NodePort;LoadBalancer
type ServiceType string

// Service types.
const (
	// ServiceClusterIP is reachable inside the cluster.
	ServiceClusterIP ServiceType = "ClusterIP"
	// ServiceNodePort is reachable on a port of every node too.
	ServiceNodePort ServiceType = "NodePort"
	// ServiceLoadBalancer is reachable through a load balancer that the cluster provides.
	ServiceLoadBalancer ServiceType = "LoadBalancer"
)

// Service configures the Service in front of the pods.
//
// +kubebuilder:validation:XValidation:rule="!has(self.nodePort) || (has(self.type) && self.type in ['NodePort', 'LoadBalancer'])",message="service.nodePort needs a Service that opens node ports: set service.type to NodePort or LoadBalancer, or remove nodePort",reason=FieldValueForbidden,fieldPath=".nodePort"
type Service struct {
	// type is the type of the Service: ClusterIP, NodePort or LoadBalancer. Default ClusterIP.
	// +optional
	Type ServiceType `json:"type,omitempty"`

	// port is the port of the Service. Default 80, or 443 with spec.tls.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port *int32 `json:"port,omitempty"`

	// nodePort is the port on the nodes. Unset lets Kubernetes choose. Only for the types NodePort and LoadBalancer.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	NodePort *int32 `json:"nodePort,omitempty"`

	// labels are added to the Service. Default none. Keys under app.kubernetes.io/ and authserver.dev/ belong to the
	// operator.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('app.kubernetes.io/') && !k.startsWith('authserver.dev/'))",message="label keys under app.kubernetes.io/ and authserver.dev/ are set by the operator: remove them"
	Labels map[string]string `json:"labels,omitempty"`

	// annotations are added to the Service. Default none. Keys under authserver.dev/ belong to the operator.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('authserver.dev/'))",message="annotation keys under authserver.dev/ are set by the operator: remove them"
	Annotations map[string]string `json:"annotations,omitempty"`
}

// TLS makes the pods serve HTTPS.
type TLS struct {
	// certificateSecretRef names a Secret of type kubernetes.io/tls with the keys tls.crt and tls.key. Required. A renewed
	// certificate is taken over without a restart.
	// +required
	CertificateSecretRef SecretReference `json:"certificateSecretRef,omitzero"`

	// clientCertificates says whether callers are asked for a certificate in the TLS handshake, to be passed on to Authlete
	// (RFC 8705). Default Ignore. Certificates that a proxy in trustedProxies passes on are taken in any case.
	// +optional
	ClientCertificates ClientCertificateMode `json:"clientCertificates,omitempty"`
}

// ClientCertificateMode says whether callers are asked for a certificate.
//
// +kubebuilder:validation:Enum=Ignore;Request
type ClientCertificateMode string

// Client certificate modes.
const (
	// ClientCertificatesIgnore asks nobody.
	ClientCertificatesIgnore ClientCertificateMode = "Ignore"
	// ClientCertificatesRequest asks everybody, and takes callers without a certificate, too. Browsers of people who have
	// certificates ask which one to present.
	ClientCertificatesRequest ClientCertificateMode = "Request"
)

// CIDR is a range of addresses, for example 10.0.0.0/8.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=43
// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="must be an address range in CIDR notation, for example 10.0.0.0/8 or fd00::/8"
type CIDR string

// LogLevel is the least severe level that is logged.
//
// +kubebuilder:validation:Enum=Debug;Info;Warn;Error
type LogLevel string

// Log levels.
const (
	// LogDebug logs how things are done too.
	LogDebug LogLevel = "Debug"
	// LogInfo logs requests and changes of state.
	LogInfo LogLevel = "Info"
	// LogWarn logs what may need attention.
	LogWarn LogLevel = "Warn"
	// LogError logs what failed.
	LogError LogLevel = "Error"
)

// Log configures the log of the pods.
type Log struct {
	// level is the least severe level that is logged: Debug, Info, Warn or Error. Default Info. No level logs secrets.
	// +optional
	Level LogLevel `json:"level,omitempty"`
}
