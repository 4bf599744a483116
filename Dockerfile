# The command line in a container, for queries on a schedule: docs/schedule.md shows how to build and run it.

ARG VERSION=0.1.0-dev

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION
ARG COMMIT=unknown
ARG DATE=unknown
RUN CGO_ENABLED=0 go build -tags disable_grpc_modules -trimpath -ldflags "-s -w -X github.com/kindor/steampipe-plugin-bitbucket/bitbucket.Version=${VERSION} -X github.com/kindor/steampipe-plugin-bitbucket/bitbucket.Commit=${COMMIT} -X github.com/kindor/steampipe-plugin-bitbucket/bitbucket.Date=${DATE}" -o /steampipe-plugin-bitbucket .
# A new volume takes owner and mode from the folder that it is mounted on. SQLite sorts what is large in /tmp.
RUN mkdir -p /rootfs/tokens /rootfs/tmp && chmod 700 /rootfs/tokens && chmod 1777 /rootfs/tmp

FROM scratch
ARG VERSION
LABEL org.opencontainers.image.version=${VERSION} \
      org.opencontainers.image.source=https://github.com/kindor/steampipe-plugin-bitbucket \
      org.opencontainers.image.licenses=Apache-2.0
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /rootfs/ /
COPY --from=build /steampipe-plugin-bitbucket /usr/local/bin/
ENV STEAMPIPE_INSTALL_DIR=/steampipe BITBUCKET_TOKEN_DIR=/tokens
# Bitbucket replaces the refresh token with each use. What is kept here is the only copy, and must outlive the container.
VOLUME /tokens
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/steampipe-plugin-bitbucket"]
