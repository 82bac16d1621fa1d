// Package browser tests the pages in a real Chromium: by keyboard, under the
// real Content-Security-Policy, in both color schemes and on small screens. It
// runs the whole server in the test and knows nothing of Kubernetes.
package browser
