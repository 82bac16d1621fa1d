// Package pace keeps the operator within the rate limits of the backends: it
// says, server by server, when an object's turn has come to be reconciled with
// its backend. It owns the queues and the rate; it does not know the backends,
// calls nothing and never sleeps.
//
// One Pacer serves all reconcilers of a kind, or of several. A reconcile asks
// before its first call, and gives its worker back where it has to wait:
//
//	if wait := r.Pacer.Admit(server.UID, object.UID); wait > 0 {
//		return ctrl.Result{RequeueAfter: wait}, nil
//	}
//
// The turn is good for the handful of calls of one reconcile. The object keeps
// its place in the queue meanwhile, however often it asks. When the backend
// answers 429, everybody of that server waits as long as it wants:
//
//	if refused, ok := errors.AsType[*authlete.Error](err); ok && refused.Status == http.StatusTooManyRequests {
//		r.Pacer.Hold(server.UID, refused.RetryAfter)
//	}
//
// A reconcile that has nothing to ask the backend for does not ask for a turn
// either. Forget drops the queue of a server that is deleted; one that nobody
// forgets goes when it has been quiet for some seconds and another server comes.
package pace
