#!/bin/sh
# Writes the Secret actorhutch-tls: an authority for this job alone and one certificate that all its pods share, good for
# DAYS days (the first argument, 90 by default). The authority's key is thrown away.
#
#     k8s/tls-secret.sh | kubectl apply -f -
set -eu
days=${1:-90}
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$days" \
    -subj "/CN=ActorHutch authority" -keyout ca.key -out ca.crt 2>log ||
    { cat log >&2; exit 1; }
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
    -subj "/CN=ActorHutch pods" -keyout tls.key -out tls.csr 2>log ||
    { cat log >&2; exit 1; }
# Each pod is server and client.
printf 'extendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=critical,CA:FALSE\n' > tls.ext
openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days "$days" -extfile tls.ext -out tls.crt 2>log ||
    { cat log >&2; exit 1; }

entry() { printf '  %s: %s\n' "$1" "$(base64 <"$1" | tr -d '\n')"; }
cat <<SECRET
apiVersion: v1
kind: Secret
metadata:
  name: actorhutch-tls
  labels:
    app.kubernetes.io/name: actorhutch
type: kubernetes.io/tls
data:
SECRET
entry ca.crt
entry tls.crt
entry tls.key
