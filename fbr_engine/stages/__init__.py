"""The stages: each file has one ``run(project, config, ...)``, a generator of events.

Closing a stage's generator cancels it: what is finished is kept, nothing half-written remains. A stage that is run
again under the same configuration skips what is finished.
"""
