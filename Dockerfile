# Builds in one stage, runs in another that holds no sources, no development packages and no root.
FROM node:24.18.1-bookworm-slim@sha256:235600a8101ab264e117b1768e925532262668dc9b581ef1dd7d96ced463b8e7 AS build
WORKDIR /tiller
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24.18.1-bookworm-slim@sha256:235600a8101ab264e117b1768e925532262668dc9b581ef1dd7d96ced463b8e7
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data NODE_OPTIONS=--enable-source-maps
WORKDIR /tiller
# The folders belong to the user before they become volumes, or the process could not write to them.
RUN install -d -o node -g node -m 0700 /data /data/files
COPY --from=build --chown=root:root /tiller/package.json ./
COPY --from=build --chown=root:root /tiller/node_modules ./node_modules
COPY --from=build --chown=root:root /tiller/dist ./dist
USER node
VOLUME /data
EXPOSE 3000
# /readyz: a node that drains or has lost its store should get no traffic.
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The process itself, not npm: SIGTERM must reach it, which drains for up to 10 seconds.
STOPSIGNAL SIGTERM
CMD ["node", "dist/server/main.js"]
