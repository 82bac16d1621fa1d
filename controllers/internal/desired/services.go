package desired

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func publicService(in Input) Object {
	server, spec := in.Server, &in.Server.Spec
	m := meta(server, server.Name)
	labels := maps.Clone(spec.Service.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, m.Labels)
	m.Labels, m.Annotations = labels, spec.Service.Annotations
	name := "http"
	if spec.TLS != nil {
		name = "https"
	}
	port := corev1.ServicePort{Name: name, Port: spec.EffectiveServicePort(), TargetPort: intstr.FromString("http"), Protocol: corev1.ProtocolTCP}
	if spec.Service.NodePort != nil {
		port.NodePort = *spec.Service.NodePort
	}
	return &corev1.Service{
		ObjectMeta: m,
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceType(spec.EffectiveServiceType()), Selector: SelectorLabels(server), Ports: []corev1.ServicePort{port},
		},
	}
}

// managementService is for the operator only; no Ingress should ever point at it.
func managementService(in Input) Object {
	return &corev1.Service{
		ObjectMeta: meta(in.Server, ManagementName(in.Server.Name)),
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, Selector: SelectorLabels(in.Server),
			Ports: []corev1.ServicePort{{
				Name: "management", Port: portManage, TargetPort: intstr.FromString("management"), Protocol: corev1.ProtocolTCP,
			}},
		},
	}
}

// disruptionBudget keeps all but one replica running while nodes are drained.
func disruptionBudget(in Input) Object {
	if in.Server.Spec.EffectiveReplicas() < 2 {
		return nil
	}
	one := intstr.FromInt32(1)
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: meta(in.Server, in.Server.Name),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable: &one, Selector: &metav1.LabelSelector{MatchLabels: SelectorLabels(in.Server)},
		},
	}
}
