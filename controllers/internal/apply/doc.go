// Package apply writes desired objects by server-side apply under one field
// owner, and deletes what is no longer desired. Every object gets the declaring
// resource as its controller, so that deleting that one deletes all. Objects of
// somebody else are left alone, and read as if they were not there.
//
// It knows neither what the objects are for nor how they come about.
package apply
