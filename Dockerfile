# An image with both programs:
#
#     docker build -t actorhutch:0.1.0 .
#     docker build -t actorhutch:0.1.0-cuda --build-arg TorchBackend=cuda .
#
# Nothing is fetched but the two base images and packages. Tags move with security fixes; to pin the very bits, name a
# base by its digest: --build-arg BASE_IMAGE=mcr.microsoft.com/dotnet/runtime-deps@sha256:…
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0-noble
ARG BASE_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled

FROM ${SDK_IMAGE} AS build
ARG TorchBackend=cpu
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props .editorconfig ./
COPY build/ build/
COPY src/ src/
# The coordinator's folder holds the worker too: the two share everything else.
RUN dotnet publish src/Coordinator -c Release -r linux-x64 --self-contained \
    -p:TorchBackend=${TorchBackend} -p:PublishDocumentationFiles=false -o /app

# Any Linux with glibc, libstdc++ and OpenSSL 3 will do: .NET and libtorch come along. No shell is needed.
FROM ${BASE_IMAGE} AS runtime
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="ActorHutch" \
      org.opencontainers.image.description="The trace of a neural network's Hessian, from random probes: coordinator and worker" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /app /app
# The root file system may be read-only: what little is written goes to /tmp. No debugger's socket is opened there.
ENV PATH=/app:/usr/local/bin:/usr/bin:/bin \
    HOME=/tmp \
    DOTNET_EnableDiagnostics=0 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
# By number, so that Kubernetes can tell that it is not root; bases of .NET call it app.
USER 1654:1654

FROM runtime AS worker
ENTRYPOINT ["/app/actorhutch-worker"]

# The last, so the one that is built where no --target is given; --entrypoint /app/actorhutch-worker makes it a worker.
FROM runtime AS coordinator
ENTRYPOINT ["/app/actorhutch"]
