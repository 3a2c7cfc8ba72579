# PostgreSQL's official image with the extension, and the program of the Import API as an image of its own:
#
#   docker build -t connector .                              PostgreSQL 17
#   docker build -t connector --build-arg PG_MAJOR=16 .      another version, 15 to 18
#   docker build -t connector-http --target connector-http .
#
# examples/compose.yaml starts both. Data directory, password and scripts of the first start are those of the official image.
ARG PG_MAJOR=17

# What the program needs to be built, of Debian alone: so it is linked with the client library that its image has.
FROM debian:bookworm-slim AS build-http
RUN set -eux; \
    apt-get update; \
    apt-get install -y --no-install-recommends \
        freetds-dev \
        g++ \
        libboost-dev \
        libc-ares-dev \
        libmariadb-dev \
        libpq-dev \
        libsasl2-dev \
        libssl-dev \
        libthrift-dev \
        make \
        nlohmann-json3-dev \
        pkg-config \
        postgresql-server-dev-15 \
        thrift-compiler \
        unixodbc-dev \
    ; \
    rm -rf /var/lib/apt/lists/*
WORKDIR /usr/src/connector
COPY . .
RUN set -eux; \
    make -j"$(nproc)" build/release/connector-http; \
    install -D -s build/release/connector-http /out/usr/bin/connector-http

FROM debian:bookworm-slim AS connector-http
RUN set -eux; \
    apt-get update; \
    apt-get install -y --no-install-recommends \
        libpq5 \
        libssl3 \
        libstdc++6 \
    ; \
    rm -rf /var/lib/apt/lists/*; \
    groupadd --system --gid 999 connector-http; \
    useradd --system --uid 999 --gid 999 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin connector-http
COPY --from=build-http /out /
USER connector-http
EXPOSE 8080
HEALTHCHECK CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && grep -q '^HTTP/1.1 200' <&3"]
ENTRYPOINT ["connector-http"]
# Inside the network of the containers: a proxy in front of it has the certificate.
CMD ["--listen", "0.0.0.0:8080", "--without-tls", "--conninfo-file", "/run/secrets/connector-http.conninfo"]

FROM postgres:${PG_MAJOR}-bookworm AS build
# libpq-dev and the files for building extensions come from where the image's own packages come from, apt.postgresql.org.
RUN set -eux; \
    apt-get update; \
    apt-get install -y --no-install-recommends \
        freetds-dev \
        g++ \
        libboost-dev \
        libc-ares-dev \
        libmariadb-dev \
        libpq-dev \
        libsasl2-dev \
        libssl-dev \
        libthrift-dev \
        make \
        nlohmann-json3-dev \
        pkg-config \
        "postgresql-server-dev-$PG_MAJOR" \
        thrift-compiler \
        unixodbc-dev \
    ; \
    rm -rf /var/lib/apt/lists/*
WORKDIR /usr/src/connector
COPY . .
RUN set -eux; \
    export PG_CONFIG="/usr/lib/postgresql/$PG_MAJOR/bin/pg_config"; \
    make -j"$(nproc)" WITH_HTTP=0; \
    make install WITH_HTTP=0 DESTDIR=/out

FROM postgres:${PG_MAJOR}-bookworm
# libpq5 is in the image, but may be older than the one that the extension was built with.
RUN set -eux; \
    apt-get update; \
    apt-get install -y --no-install-recommends \
        ca-certificates \
        libc-ares2 \
        libmariadb3 \
        libodbc2 \
        libodbcinst2 \
        libpq5 \
        libsasl2-2 \
        libsasl2-modules \
        libssl3 \
        libstdc++6 \
        libsybdb5 \
        libthrift-0.17.0 \
    ; \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /out /
COPY docker/create_extension.sql /docker-entrypoint-initdb.d/10_connector.sql
# The scheduler of syncs needs the library to be preloaded. initdb makes postgresql.conf of this file, so
# that a data directory made by this image has it whatever its command line says.
RUN echo "shared_preload_libraries = 'connector'" >>/usr/share/postgresql/postgresql.conf.sample
