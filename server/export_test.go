package server

// Mounted is an endpoint at its place.
type Mounted = mounted

// Mounted returns what the public port serves.
func (s *Server) Mounted() []Mounted { return s.mounted }
