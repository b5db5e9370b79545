# Export who can reach what in a self-hosted Bitbucket. README.md says how to run it.
# A tag can be moved. To build from just this image, put behind it what these lines print, as in python:…@sha256:…
#   docker buildx imagetools inspect python:3.11.14-slim-bookworm --format '{{.Manifest.Digest}}'
FROM python:3.11.14-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
COPY requirements.txt ./
# Wheels only, so that no compiler is missed, and just those whose hashes are known; what installs is not needed any more afterwards.
RUN python -m pip install --no-cache-dir --only-binary=:all: --require-hashes -r requirements.txt \
    && python -m pip uninstall --yes pip setuptools wheel
COPY oaa_bitbucket.py ./
COPY connector connector

# A number instead of a name: Kubernetes can then see for itself that it is not root.
RUN mkdir /data && chown 65532:65532 /data
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["python", "/app/oaa_bitbucket.py"]
