package sqlstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of PostgreSQL's errors. Nothing but orFail divides.
const (
	uniqueViolation     = "23505"
	divisionByZero      = "22012"
	readOnlyTransaction = "25006"
	duplicateStatement  = "42P05"
	unknownStatement    = "26000"
	shutdownClass       = "57P" // the server, or an administrator, ends the connection
)

// has says whether an error is the server's and has the code.
func has(err error, code string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == code
}

// connectionError is an error of a connection attempt in words that hold no part of the connection string. What it replaces
// can be recognized with errors.Is, and does not show.
type connectionError struct {
	text  string
	cause error
}

func (e *connectionError) Error() string { return e.text }

// Is says whether the error that this one replaces is the target.
func (e *connectionError) Is(target error) bool { return errors.Is(e.cause, target) }

// withoutConnection replaces an error of a connection attempt: its text names host, user and database, and repeats what the
// server says of them.
func withoutConnection(err error) error {
	refused, ok := errors.AsType[*pgconn.ConnectError](err)
	if _, network := errors.AsType[*net.OpError](err); network && !ok {
		return &connectionError{text: "talking to PostgreSQL: " + networkReason(err), cause: err}
	}
	if !ok {
		return err
	}
	var reasons []string
	for _, attempt := range causes(refused.Unwrap()) {
		if reason := reasonOf(attempt); !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return &connectionError{text: "connecting to PostgreSQL: " + strings.Join(reasons, "; "), cause: err}
}

// causes splits what errors.Join has joined, at any depth.
func causes(err error) []error {
	for e := err; e != nil; e = errors.Unwrap(e) {
		joined, ok := e.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		var all []error
		for _, member := range joined.Unwrap() {
			all = append(all, causes(member)...)
		}
		return all
	}
	return []error{err}
}

// reasonOf says why an attempt to connect failed.
func reasonOf(err error) string {
	for _, own := range []error{errReadOnly, errEncoding, errShared} {
		if errors.Is(err, own) {
			return own.Error()
		}
	}
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answerReason(answer.Code)
	}
	if reason := tlsReason(err); reason != "" {
		return reason
	}
	return networkReason(err)
}

// answerReason says what an error code that the server sends at the beginning of a session means.
func answerReason(code string) string {
	meaning, ok := map[string]string{
		"28P01": "it refuses the password",
		"28000": "it refuses the login: its rules (pg_hba.conf) allow neither this user, nor this address, or demand TLS or a client certificate",
		"3D000": "the database does not exist",
		"42501": "the user may not use the database",
		"53300": "it has too many connections",
		"57P03": "it is starting, stopping or recovering",
		"57P01": "it is stopping",
		"42704": "it does not know a parameter of the connection string",
		"22023": "it refuses the value of a parameter of the connection string",
		"08P01": "it, or a connection pooler, refuses a parameter of the connection string or the login",
	}[code]
	if !ok {
		meaning = "it refuses the connection"
	}
	return "the server says that " + meaning + " (SQLSTATE " + code + ")"
}

// tlsReason says what is wrong with TLS; empty if it is not the reason.
func tlsReason(err error) string {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.Is(err, errNoTLS):
		return errNoTLS.Error()
	case errors.As(err, &authority):
		return "the server's certificate is signed by an unknown authority"
	case errors.As(err, &host):
		return "the server's certificate is for another host name"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid (expired, not yet valid, or not for servers)"
	case errors.As(err, &alert):
		return "the server ended the TLS handshake: " + alert.Error()
	case errors.As(err, &record):
		return "the server does not speak TLS"
	case strings.Contains(err.Error(), "refused TLS connection"): // the driver has no type for it
		return "the server does not offer TLS"
	default:
		return ""
	}
}

// networkReason says why a server was not reached.
func networkReason(err error) string {
	var number syscall.Errno
	var resolver *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return "the attempt was given up"
	case errors.Is(err, fs.ErrNotExist):
		return "there is no socket or file at a path that the connection string, or its absence of a host, names"
	case errors.As(err, &resolver) && resolver.IsNotFound:
		return "no such host"
	case errors.As(err, &resolver):
		return "the host name cannot be resolved at the moment"
	case errors.Is(err, context.DeadlineExceeded), pgconn.Timeout(err):
		return "the server does not answer in time"
	case errors.As(err, &number):
		return number.Error()
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the server ended the connection"
	default:
		return "the server answers in an unexpected way, or demands a way to log in that is not supported"
	}
}
