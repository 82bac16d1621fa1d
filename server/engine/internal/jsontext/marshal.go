package jsontext

import (
	"bytes"
	"encoding/json"
)

// Marshal is json.Marshal without escapes for HTML: what comes from requests must not grow sixfold on its way.
func Marshal(value any) ([]byte, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
