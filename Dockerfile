# Two images from one file: docker build --target operator|server .
# hack/cluster builds the same images from the same inputs without a Docker engine.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG TARGETOS TARGETARCH VERSION=dev
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY api api
COPY cmd cmd
COPY controllers controllers
COPY internal internal
COPY server server
ENV CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH
RUN for command in operator authserver; do \
      go build -trimpath -buildvcs=false -ldflags "-s -w -X github.com/authserver-dev/operator/internal/version.version=$VERSION" -o /out/$command ./cmd/$command; \
    done && \
    printf 'nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n' >/out/passwd && printf 'nonroot:x:65532:\n' >/out/group

FROM scratch AS base
COPY --from=build /out/passwd /etc/passwd
COPY --from=build /out/group /etc/group
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532

FROM base AS operator
ARG VERSION=dev
LABEL org.opencontainers.image.title="authserver-operator operator" \
      org.opencontainers.image.description="OAuth 2.0 and OpenID Connect authorization servers on Kubernetes" \
      org.opencontainers.image.url="https://github.com/authserver-dev/operator" \
      org.opencontainers.image.source="https://github.com/authserver-dev/operator" \
      org.opencontainers.image.documentation="https://github.com/authserver-dev/operator/tree/main/docs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /out/operator /operator
ENTRYPOINT ["/operator"]

FROM base AS server
ARG VERSION=dev
LABEL org.opencontainers.image.title="authserver-operator server" \
      org.opencontainers.image.description="OAuth 2.0 and OpenID Connect authorization servers on Kubernetes" \
      org.opencontainers.image.url="https://github.com/authserver-dev/operator" \
      org.opencontainers.image.source="https://github.com/authserver-dev/operator" \
      org.opencontainers.image.documentation="https://github.com/authserver-dev/operator/tree/main/docs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /out/authserver /authserver
ENTRYPOINT ["/authserver"]
