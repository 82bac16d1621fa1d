package cel_test

import (
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// workloadRules returns the rules of an AuthorizationServer about its pods and
// its Service.
func workloadRules() []rule {
	rules := at(serverKind, ".spec.service", rule{
		message: "service.nodePort needs a Service that opens node ports: set service.type to NodePort or LoadBalancer, or remove nodePort",
		accept:  created(service(authv1alpha1.Service{Type: authv1alpha1.ServiceNodePort, NodePort: new(int32(30080))})),
		reject:  created(service(authv1alpha1.Service{NodePort: new(int32(30080))})),
	})
	rules = append(rules, at(serverKind, ".spec.trustedProxies[]", rule{
		message: "must be an address range in CIDR notation, for example 10.0.0.0/8 or fd00::/8",
		accept:  created(proxies("10.0.0.0/8", "fd00::/8")),
		reject:  created(proxies("10.0.0.1")),
	})...)
	return append(rules, metadataRules()...)
}

// metadataRules returns the rules that keep the operator's own labels and
// annotations.
func metadataRules() []rule {
	const (
		labels      = "label keys under app.kubernetes.io/ and authserver.dev/ are set by the operator: remove them"
		annotations = "annotation keys under authserver.dev/ are set by the operator: remove them"
	)
	own := map[string]string{"example.com/team": "blue"}
	name := map[string]string{"app.kubernetes.io/name": "other"}
	hash := map[string]string{"authserver.dev/config-hash": "0"}
	rules := at(serverKind, ".spec.podTemplate.labels", rule{
		message: labels,
		accept:  created(pods(authv1alpha1.PodTemplate{Labels: own})),
		reject:  created(pods(authv1alpha1.PodTemplate{Labels: name})),
	})
	rules = append(rules, at(serverKind, ".spec.podTemplate.annotations", rule{
		message: annotations,
		accept:  created(pods(authv1alpha1.PodTemplate{Annotations: own})),
		reject:  created(pods(authv1alpha1.PodTemplate{Annotations: hash})),
	})...)
	rules = append(rules, at(serverKind, ".spec.service.labels", rule{
		message: labels,
		accept:  created(service(authv1alpha1.Service{Labels: own})),
		reject:  created(service(authv1alpha1.Service{Labels: hash})),
	})...)
	return append(rules, at(serverKind, ".spec.service.annotations", rule{
		message: annotations,
		accept:  created(service(authv1alpha1.Service{Annotations: name})),
		reject:  created(service(authv1alpha1.Service{Annotations: hash})),
	})...)
}

func service(value authv1alpha1.Service) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) { s.Spec.Service = value }
}

func pods(template authv1alpha1.PodTemplate) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) { s.Spec.PodTemplate = template }
}

func proxies(ranges ...authv1alpha1.CIDR) serverMutation {
	return func(s *authv1alpha1.AuthorizationServer) { s.Spec.TrustedProxies = ranges }
}
