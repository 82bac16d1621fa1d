package httpclient

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/authserver-dev/operator/internal/authlete"
)

// Authorization implements authlete.AuthorizationAPI.
func (c *Client) Authorization(ctx context.Context, req *authlete.AuthorizationRequest) (*authlete.AuthorizationResponse, error) {
	return post[authlete.AuthorizationResponse](ctx, c, "auth/authorization", req)
}

// AuthorizationIssue implements authlete.AuthorizationAPI.
func (c *Client) AuthorizationIssue(ctx context.Context, req *authlete.AuthorizationIssueRequest) (*authlete.AuthorizationIssueResponse, error) {
	return post[authlete.AuthorizationIssueResponse](ctx, c, "auth/authorization/issue", req)
}

// AuthorizationFail implements authlete.AuthorizationAPI.
func (c *Client) AuthorizationFail(ctx context.Context, req *authlete.AuthorizationFailRequest) (*authlete.AuthorizationFailResponse, error) {
	return post[authlete.AuthorizationFailResponse](ctx, c, "auth/authorization/fail", req)
}

// Token implements authlete.TokenAPI.
func (c *Client) Token(ctx context.Context, req *authlete.TokenRequest) (*authlete.TokenResponse, error) {
	return post[authlete.TokenResponse](ctx, c, "auth/token", req)
}

// TokenIssue implements authlete.TokenAPI.
func (c *Client) TokenIssue(ctx context.Context, req *authlete.TokenIssueRequest) (*authlete.TokenIssueResponse, error) {
	return post[authlete.TokenIssueResponse](ctx, c, "auth/token/issue", req)
}

// TokenFail implements authlete.TokenAPI.
func (c *Client) TokenFail(ctx context.Context, req *authlete.TokenFailRequest) (*authlete.TokenFailResponse, error) {
	return post[authlete.TokenFailResponse](ctx, c, "auth/token/fail", req)
}

// Revocation implements authlete.RevocationAPI.
func (c *Client) Revocation(ctx context.Context, req *authlete.RevocationRequest) (*authlete.RevocationResponse, error) {
	return post[authlete.RevocationResponse](ctx, c, "auth/revocation", req)
}

// Introspection implements authlete.IntrospectionAPI.
func (c *Client) Introspection(ctx context.Context, req *authlete.IntrospectionRequest) (*authlete.IntrospectionResponse, error) {
	return post[authlete.IntrospectionResponse](ctx, c, "auth/introspection", req)
}

// StandardIntrospection implements authlete.IntrospectionAPI.
func (c *Client) StandardIntrospection(ctx context.Context, req *authlete.StandardIntrospectionRequest) (*authlete.StandardIntrospectionResponse, error) {
	return post[authlete.StandardIntrospectionResponse](ctx, c, "auth/introspection/standard", req)
}

// UserInfo implements authlete.UserInfoAPI.
func (c *Client) UserInfo(ctx context.Context, req *authlete.UserInfoRequest) (*authlete.UserInfoResponse, error) {
	return post[authlete.UserInfoResponse](ctx, c, "auth/userinfo", req)
}

// UserInfoIssue implements authlete.UserInfoAPI.
func (c *Client) UserInfoIssue(ctx context.Context, req *authlete.UserInfoIssueRequest) (*authlete.UserInfoIssueResponse, error) {
	return post[authlete.UserInfoIssueResponse](ctx, c, "auth/userinfo/issue", req)
}

// ServiceJWKS implements authlete.MetadataAPI.
func (c *Client) ServiceJWKS(ctx context.Context) ([]byte, error) {
	return c.document(ctx, "service/jwks/get")
}

// ServiceConfiguration implements authlete.MetadataAPI.
func (c *Client) ServiceConfiguration(ctx context.Context) ([]byte, error) {
	return c.document(ctx, "service/configuration")
}

// FederationConfiguration implements authlete.FederationAPI.
func (c *Client) FederationConfiguration(
	ctx context.Context, req *authlete.FederationConfigurationRequest,
) (*authlete.FederationConfigurationResponse, error) {
	return post[authlete.FederationConfigurationResponse](ctx, c, "federation/configuration", req)
}

// document reads a JSON document as it is.
func (c *Client) document(ctx context.Context, name string) ([]byte, error) {
	var body []byte
	if err := c.do(ctx, call{name: name, method: http.MethodGet, path: name}, &body); err != nil {
		return nil, err
	}
	return body, nil
}

// ServiceGet implements authlete.ServiceManagementAPI.
func (c *Client) ServiceGet(ctx context.Context) (*authlete.Service, error) {
	return send[authlete.Service](ctx, c, call{name: "service/get", method: http.MethodGet, path: "service/get"})
}

// ServiceUpdate implements authlete.ServiceManagementAPI.
func (c *Client) ServiceUpdate(ctx context.Context, service *authlete.Service) (*authlete.Service, error) {
	return post[authlete.Service](ctx, c, "service/update", service)
}

// ClientCreate implements authlete.ClientManagementAPI.
func (c *Client) ClientCreate(ctx context.Context, client *authlete.Client) (*authlete.Client, error) {
	return post[authlete.Client](ctx, c, "client/create", client)
}

// ClientGet implements authlete.ClientManagementAPI.
func (c *Client) ClientGet(ctx context.Context, identifier string) (*authlete.Client, error) {
	return send[authlete.Client](ctx, c, identified("client/get", http.MethodGet, identifier, nil))
}

// ClientList implements authlete.ClientManagementAPI.
func (c *Client) ClientList(ctx context.Context, start, end int) (*authlete.ClientListResponse, error) {
	path := fmt.Sprintf("client/get/list?start=%d&end=%d", start, end)
	return send[authlete.ClientListResponse](ctx, c, call{name: "client/get/list", method: http.MethodGet, path: path})
}

// ClientUpdate implements authlete.ClientManagementAPI.
func (c *Client) ClientUpdate(ctx context.Context, identifier string, client *authlete.Client) (*authlete.Client, error) {
	return send[authlete.Client](ctx, c, identified("client/update", http.MethodPost, identifier, client))
}

// ClientDelete implements authlete.ClientManagementAPI.
func (c *Client) ClientDelete(ctx context.Context, identifier string) error {
	return c.do(ctx, identified("client/delete", http.MethodDelete, identifier, nil), nil)
}

// ClientSecretRefresh implements authlete.ClientManagementAPI.
func (c *Client) ClientSecretRefresh(ctx context.Context, identifier string) (*authlete.ClientSecretResponse, error) {
	return send[authlete.ClientSecretResponse](ctx, c, identified("client/secret/refresh", http.MethodGet, identifier, nil))
}

// ClientSecretUpdate implements authlete.ClientManagementAPI.
func (c *Client) ClientSecretUpdate(
	ctx context.Context, identifier string, req *authlete.ClientSecretUpdateRequest,
) (*authlete.ClientSecretResponse, error) {
	return send[authlete.ClientSecretResponse](ctx, c, identified("client/secret/update", http.MethodPost, identifier, req))
}

// TokenRevoke implements authlete.TokenManagementAPI.
func (c *Client) TokenRevoke(ctx context.Context, req *authlete.TokenRevokeRequest) (*authlete.TokenRevokeResponse, error) {
	return post[authlete.TokenRevokeResponse](ctx, c, "auth/token/revoke", req)
}

// identified is a call about one client.
func identified(name, method, identifier string, body any) call {
	return call{name: name, method: method, path: name + "/" + url.PathEscape(identifier), body: body}
}
