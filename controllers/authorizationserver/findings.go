package authorizationserver

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/status"
)

// finding is what the last look at a server's settings found. It is shown again by the reconciles until the next look,
// and tells what changes from one look to the next.
type finding struct {
	name types.NamespacedName
	// generation is the one of the spec that was compared; next is when to look again.
	generation int64
	next       time.Time
	verdict    verdict
	// differences are those of the last time that the backend answered.
	differences []authv1alpha1.SettingDifference
	repairs     int64
	// futile is a repair that changed nothing; it is not tried again before retry as long as the same is to be repaired.
	futile  verdict
	against []authv1alpha1.SettingDifference
	retry   time.Time
}

func (f finding) due() time.Time { return f.next }

// verdict is the condition that comes of a look.
type verdict struct {
	state           metav1.ConditionStatus
	reason, message string
}

// begin returns the finding with which a look begins. An operator that has not looked yet goes on from the status.
func (f finding) begin(server *authv1alpha1.AuthorizationServer, known bool) finding {
	if b := server.Status.Backend; b != nil {
		f.repairs = max(f.repairs, b.Repairs)
		if !known {
			f.differences = slices.Clone(b.Differences)
		}
	}
	if f.generation != server.Generation {
		f.against = nil
	}
	f.name, f.generation = types.NamespacedName{Namespace: server.Namespace, Name: server.Name}, server.Generation
	return f
}

func asDeclared() verdict {
	return verdict{metav1.ConditionTrue, authv1alpha1.ReasonAsDeclared, "the service has the declared settings"}
}

// giveUp leaves the settings as they are until they change, the spec does, or the check interval has passed.
func (f finding) giveUp(now time.Time, reason, message string) finding {
	f.verdict = verdict{metav1.ConditionFalse, reason, message}
	f.futile, f.against, f.retry = f.verdict, f.differences, now.Add(checkInterval)
	return f
}

// record shows the finding in the status.
func (f finding) record(server *authv1alpha1.AuthorizationServer) {
	if server.Status.Backend == nil {
		server.Status.Backend = &authv1alpha1.BackendStatus{}
	}
	b := server.Status.Backend
	b.Differences = slices.Clone(f.differences)
	// A cache, or a status that could not be written, may be behind.
	b.Repairs = max(b.Repairs, f.repairs)
	if f.verdict.state == metav1.ConditionUnknown {
		status.Unknown(server, authv1alpha1.ConditionSettingsMatch, f.verdict.reason, f.verdict.message)
		return
	}
	status.Mark(server, authv1alpha1.ConditionSettingsMatch, f.verdict.state == metav1.ConditionTrue, f.verdict.reason, f.verdict.message)
}

// forget takes servers that have gone off the metric.
func (r *Reconciler) forget(gone []finding) {
	for _, f := range gone {
		r.repairs.DeleteLabelValues(f.name.Namespace, f.name.Name)
	}
}

// newRepairs returns the counter of repairs. A process with several managers has it once.
func newRepairs(registry prometheus.Registerer) (*prometheus.CounterVec, error) {
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "authserver_operator_settings_repairs_total", Help: "Times that settings of the service at Authlete were changed back to what is declared.",
	}, []string{"namespace", "name"})
	err := registry.Register(counter)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(*prometheus.CounterVec); ok {
			return existing, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("registering the counter of repairs: %w", err)
	}
	return counter, nil
}
