# One image for every part of Footfall; docker-compose.yml says which command each runs.
# It holds the same packages as `make up`, from the same lock file.

FROM python:3.11-slim AS environment
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
# the lock file is complete; without --no-deps, pip would ask for hashes of extras that it does not list
RUN /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --no-deps --only-binary :all: --require-hashes -r /tmp/requirements.txt

FROM python:3.11-slim
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin footfall \
    && install -d -o footfall -g footfall /var/lib/footfall /var/lib/footfall/sites \
    && install -d -o footfall -g footfall -m 700 /var/lib/footfall/spool
COPY --from=environment /opt/venv /opt/venv
WORKDIR /opt/footfall
COPY warehouse warehouse
COPY ingestion ingestion
COPY expectations expectations
COPY dbt_project dbt_project
COPY pipeline pipeline
COPY dags dags
COPY serving serving
COPY stack stack
RUN /opt/venv/bin/python -m compileall -q .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/footfall \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FOOTFALL_HOME=/var/lib/footfall \
    FOOTFALL_BIND_HOST=0.0.0.0 \
    DO_NOT_TRACK=1 \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=false
USER footfall
