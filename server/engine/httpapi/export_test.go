package httpapi

// Calls are the calls that are answered, with their methods.
func (h *Handler) Calls() []string {
	var calls []string
	for _, route := range h.routes() {
		calls = append(calls, route.method+" "+route.call)
	}
	return calls
}

// UnsupportedMembers are the members that requests are refused for, by call.
func UnsupportedMembers() map[string][]string { return unsupportedMembers() }
