// Package details puts into words what an authorization request asks for beyond
// scopes and claims: authorization details, dynamic scopes, resources, a purpose,
// changes of what was granted before, verified and transformed claims, and members
// of the backend's answer that this version does not know.
//
// A request with details is shown to the person each time. What cannot be shown is
// an error, and the request is refused: nobody can allow what they have not seen.
//
// The package is pure. It knows neither pages nor sessions.
package details
