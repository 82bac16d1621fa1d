package reply

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// PrefersHTML says whether whoever asks would rather have a page than JSON: browsers name it, programs do not.
func PrefersHTML(r *http.Request) bool {
	accept := r.Header.Values("Accept")
	return quality(accept, "text/html") > quality(accept, JSON)
}

// PrefersJSON says whether whoever asks would rather have JSON than a page.
func PrefersJSON(r *http.Request) bool {
	accept := r.Header.Values("Accept")
	return quality(accept, JSON) > quality(accept, "text/html")
}

// quality is the weight of a media type that the Accept header names (RFC 9110, section 12.5.1); ranges do not count.
func quality(accept []string, mediaType string) float64 {
	for _, line := range accept {
		for item := range strings.SplitSeq(line, ",") {
			media, parameters, err := mime.ParseMediaType(item)
			if err != nil || media != mediaType {
				continue
			}
			weight, err := strconv.ParseFloat(parameters["q"], 64)
			if err != nil {
				return 1
			}
			return weight
		}
	}
	return 0
}
