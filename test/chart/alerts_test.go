package chart_test

import (
	"regexp"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	_ "sigs.k8s.io/controller-runtime/pkg/controller" // registers the operator's metrics
)

var metricName = regexp.MustCompile(`([a-z_]+)\{`)

// TestAlerts: the alerts ask for metrics that the operator has, and say what to do.
func TestAlerts(t *testing.T) {
	t.Parallel()
	all := objects(t, render(t, append(everyAPI(), "--set=metrics.prometheusRule.enabled=true")...))
	groups, ok := only(t, all, "PrometheusRule", "").Object["spec"].(map[string]any)["groups"].([]any)
	if !ok || len(groups) != 1 {
		t.Fatalf("groups: %v", groups)
	}
	rules := groups[0].(map[string]any)["rules"].([]any)
	for _, rule := range rules {
		alert := rule.(map[string]any)
		name := alert["alert"]
		found := metricName.FindAllStringSubmatch(alert["expr"].(string), -1)
		if len(found) == 0 {
			t.Errorf("%v asks for no metric: %v", name, alert["expr"])
		}
		for _, match := range found {
			if match[1] != "up" && !registered(match[1]) { // up is Prometheus's own
				t.Errorf("%v asks for %s, which the operator does not have", name, match[1])
			}
		}
		annotations := alert["annotations"].(map[string]any)
		if annotations["summary"] == nil || annotations["description"] == nil || alert["labels"].(map[string]any)["severity"] == nil {
			t.Errorf("%v has no summary, description or severity", name)
		}
	}
	if len(rules) < 4 {
		t.Errorf("%d rules", len(rules))
	}
}

// registered says whether there is a metric of that name: another one of the same name is refused.
func registered(name string) bool {
	probe := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: "probe"}, []string{"probe"})
	if err := metrics.Registry.Register(probe); err != nil {
		return true
	}
	metrics.Registry.Unregister(probe)
	return false
}
