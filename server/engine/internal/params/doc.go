// Package params parses request parameters as they arrive: a query string or a
// form body. It knows nothing of what the parameters mean.
package params
