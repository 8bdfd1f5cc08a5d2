# hylint and nothing else: no shell, no libraries, no root.
#
#   docker build -t hylint .                                 compiles these sources
#   docker build -t hylint --build-arg BINARY=released .     takes dist/amd64/hylint and dist/arm64/hylint
#   docker run --rm --network none -v "$PWD:/work:ro" hylint exports
ARG BINARY=source

FROM rust:1.95-alpine AS source
# Procedural macros are shared libraries and need the C library's start files; the program is linked statically.
# hadolint ignore=DL3018
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY . .
RUN cargo build --release --locked --bin hylint && cp target/release/hylint /hylint

FROM scratch AS released
ARG TARGETARCH
COPY --chmod=755 dist/${TARGETARCH}/hylint /hylint

# hadolint ignore=DL3006
FROM ${BINARY} AS binary

FROM scratch
COPY --from=binary /hylint /hylint
COPY LICENSE-MIT LICENSE-APACHE /
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/hylint"]
