package ports

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	"github.com/authserver-dev/operator/server/livefile"
)

// Limits of connections. Requests are small; a page may take a person's time to read, but not to send.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 120 * time.Second
	maxHeader     = 32 << 10
)

// Port is a port to open.
type Port struct {
	// Name names the port in the log and in errors.
	Name string
	// Address is the address to listen on, host:port.
	Address string
	Handler http.Handler
	// TLS makes the port serve HTTPS; the files are followed.
	TLS *configv1alpha1.TLSFiles
	// ClientCertificates says that callers are asked for a certificate in the TLS handshake. Any is taken: whoever uses it
	// checks it.
	ClientCertificates bool
}

// Listener is an open port.
type Listener struct {
	name   string
	server *http.Server
	socket net.Listener
	// certificate is nil without TLS.
	certificate *livefile.Value[*tls.Certificate]
}

// Open opens ports. With an error none stays open.
func Open(list []Port, log *slog.Logger) ([]*Listener, error) {
	listeners := make([]*Listener, 0, len(list))
	for _, port := range list {
		listener, err := Listen(port, log)
		if err != nil {
			Close(listeners)
			return nil, err
		}
		listeners = append(listeners, listener)
	}
	return listeners, nil
}

// Listen opens a port.
func Listen(port Port, log *slog.Logger) (*Listener, error) {
	l := &Listener{name: port.Name, server: &http.Server{
		Handler: port.Handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
	if err := l.listen(port, log); err != nil {
		return nil, fmt.Errorf("opening the %s port: %w", port.Name, err)
	}
	return l, nil
}

func (l *Listener) listen(port Port, log *slog.Logger) error {
	var err error
	if files := port.TLS; files != nil {
		if l.certificate, err = livefile.OpenCertificate(port.Name+"-certificate", files.CertFile, files.KeyFile, log); err != nil {
			return err
		}
		l.server.TLSConfig = &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return l.certificate.Get(), nil },
		}
		if port.ClientCertificates {
			l.server.TLSConfig.ClientAuth = tls.RequestClientCert
		}
	}
	l.socket, err = net.Listen("tcp", port.Address) //nolint:noctx // opened at once or not at all
	return err
}

// Close closes ports that are not served.
func Close(listeners []*Listener) {
	for _, l := range listeners {
		_ = l.socket.Close() // it has no connections that could be lost
	}
}

// Name returns the name of the port.
func (l *Listener) Name() string { return l.name }

// Address returns the address that the port listens on.
func (l *Listener) Address() string { return l.socket.Addr().String() }

// Handle sets the handler of a port that is not served yet.
func (l *Listener) Handle(handler http.Handler) { l.server.Handler = handler }

// Files returns the files of the port, which Serve keeps up to date.
func (l *Listener) Files() []livefile.File {
	if l.certificate == nil {
		return nil
	}
	return []livefile.File{l.certificate}
}
