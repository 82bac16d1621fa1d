package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNameServers(t *testing.T) {
	t.Parallel()
	text := "# comment\nsearch example.com\nnameserver 127.0.0.53\nnameserver 10.0.0.2\nnameserver fd00::1\nnameserver\nnameserver 10.0.0.3 # second\n"
	if diff := cmp.Diff([]string{"10.0.0.2", "10.0.0.3"}, nameServers(text)); diff != "" {
		t.Errorf("nameServers() (-want +got):\n%s", diff)
	}
}

func TestAbandoned(t *testing.T) {
	t.Parallel()
	list := "local-00 Available\nlocal-01 Released\nlocal-02 Bound\nlocal-03 Failed\nsomebody-elses Released\n"
	if diff := cmp.Diff([]string{"local-01", "local-03"}, abandoned(list)); diff != "" {
		t.Errorf("abandoned() (-want +got):\n%s", diff)
	}
}

func TestMissingPackages(t *testing.T) {
	t.Parallel()
	yes, no := func() bool { return true }, func() bool { return false }
	got := missingPackages([]requirement{{"a", yes}, {"b", no}, {"c", no}})
	if diff := cmp.Diff([]string{"b", "c"}, got); diff != "" {
		t.Errorf("missingPackages() (-want +got):\n%s", diff)
	}
}

func TestTaken(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if address := listener.Addr().String(); !taken(t.Context(), address) {
		t.Errorf("taken(%s) = false although this test listens there", address)
	}
	// 192.0.2.0/24 is for documentation (RFC 5737): no machine has 192.0.2.254, and the question must not be sent there.
	if taken(t.Context(), "192.0.2.254:6443") {
		t.Error("taken() = true for an address that is not this machine's")
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if address := listener.Addr().String(); taken(t.Context(), address) {
		t.Errorf("taken(%s) = true although nobody listens there any more", address)
	}
}

func TestWaitFor(t *testing.T) {
	t.Parallel()
	calls := 0
	err := waitFor(t.Context(), time.Minute, func(context.Context) error {
		if calls++; calls < 2 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || calls != 2 {
		t.Errorf("waitFor() = %v after %d calls", err, calls)
	}
	if err := waitFor(t.Context(), time.Hour, func(context.Context) error { return errGone }); !errors.Is(err, errGone) {
		t.Errorf("waitFor() = %v, want it to give up at once", err)
	}
	err = waitFor(t.Context(), time.Millisecond, func(context.Context) error { return errors.New("the reason") })
	if err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("waitFor() = %v, want the last failure", err)
	}
}

func TestManifestsHaveNoHoles(t *testing.T) {
	t.Parallel()
	for _, text := range []string{fmt.Sprintf(dnsManifests, "image", "1.2.3.4", "forward . 10.0.0.2"), fmt.Sprintf(volumeManifest, "v", "/v", "n")} {
		if strings.Contains(text, "%!") {
			t.Errorf("manifest with a hole:\n%s", text)
		}
	}
}
