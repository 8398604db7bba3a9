# The image: one file, the manifests and the page on a distroless Node, nothing else. Both bases are arguments, for mirrors and for pinning by digest.
ARG BUILD_BASE=node:24
ARG RUN_BASE=gcr.io/distroless/nodejs24-debian13:nonroot

FROM ${BUILD_BASE} AS build
WORKDIR /sluice
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts ./scripts
COPY src ./src
COPY dashboard ./dashboard
COPY crds ./crds
COPY manifests ./manifests
RUN npm run build

FROM ${RUN_BASE}
# The bundle needs no node_modules; it writes no file, so the root file system may be read-only.
COPY --from=build /sluice/dist/sluice.js /sluice/dist/sluice.js.LEGAL.txt /sluice/dist/sluice-install.yaml /app/
COPY --from=build /sluice/dist/dashboard /app/dashboard/
ENV NODE_ENV=production
USER nonroot
EXPOSE 8080
# The base's own entry point is `node`.
ENTRYPOINT ["/nodejs/bin/node", "/app/sluice.js"]
CMD ["run"]
