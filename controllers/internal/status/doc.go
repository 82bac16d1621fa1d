// Package status keeps conditions: facts that steps observe, the summary Ready
// with kstatus' Reconciling and Stalled, one patch, and events on transitions.
//
// It knows no kind in particular: every kind declares its facts itself.
package status
