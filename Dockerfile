# The server and what it needs, without TensorFlow. Runs with a read-only root and /tmp in memory.
#   docker build -t inkloop . && docker run --read-only --tmpfs /tmp -p 8080:8080 inkloop
# `make pin` writes the digests of the base image here and renews them.

FROM python:3.13.16-slim-trixie AS build
WORKDIR /srv
COPY requirements-prod.txt .
COPY deploy/install.sh deploy/
RUN deploy/install.sh /venv
COPY main.py gunicorn.conf.py ./
COPY app app
RUN python -m compileall -q -j 0 --invalidation-mode unchecked-hash main.py app \
    && rm -r deploy


FROM python:3.13.16-slim-trixie
WORKDIR /srv
COPY --from=build /venv /venv
COPY --from=build /srv .

# FEEDBACK_URL and GAME_URL: these files go with the container. What must last goes to a Google Sheet or PostgreSQL.
# HOME: gspread does not load without one, and a user who is only a number has none.
ENV PATH=/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8080 \
    LOG_FORMAT=json \
    FEEDBACK_URL=sqlite:////tmp/feedback.db \
    GAME_URL=sqlite:////tmp/game.db

# By number: Kubernetes cannot tell whether a name is root.
USER 65532:65532
EXPOSE 8080
CMD ["gunicorn", "main:app"]

# Last, because they change with every build.
ARG VERSION=dev
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="Inkloop" \
      org.opencontainers.image.description="A handwriting recogniser that learns from its corrections" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED" \
      org.opencontainers.image.source="$SOURCE"
