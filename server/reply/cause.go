package reply

import (
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/authserver-dev/operator/internal/authlete"
)

// maxName bounds names of actions and result codes.
const maxName = 64

// name returns text if it is a name in capitals.
func name(text string) string {
	other := func(c rune) bool { return (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' }
	if len(text) > maxName || strings.ContainsFunc(text, other) {
		return "UNREADABLE"
	}
	return text
}

// cause describes a failed backend call by the call, the status and the result code. The messages and bodies of answers are
// left out: what is in them is not known.
func cause(err error) string {
	refused, ok := errors.AsType[*authlete.Error](err)
	switch {
	case !ok: // the embedded engine's own
		return err.Error()
	case refused.Err == nil && refused.Result.ResultCode != "":
		return fmt.Sprintf("calling %s: status %d, result code %s", refused.Call, refused.Status, name(refused.Result.ResultCode))
	case refused.Err == nil:
		return fmt.Sprintf("calling %s: status %d", refused.Call, refused.Status)
	case refused.Status != 0:
		return fmt.Sprintf("calling %s: status %d: %s", refused.Call, refused.Status, transport(refused.Err))
	default:
		return fmt.Sprintf("calling %s: %s", refused.Call, transport(refused.Err))
	}
}

// transport describes what went wrong on the way. net/http quotes what it cannot read of an answer, all but a header's line.
func transport(err error) string {
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok {
		return "the header of the answer is malformed"
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	text, _, _ := strings.Cut(err.Error(), `"`)
	return strings.TrimSpace(text)
}
