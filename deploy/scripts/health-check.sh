#!/bin/sh
# The daily health check of an environment: health-check.sh --environment prod --components "webapp,api,database"
# Exits 1 where a component is not healthy. QUARTERDECK_URL and QUARTERDECK_TOKEN say whom to ask.
exec quarterdeck health check "$@"
