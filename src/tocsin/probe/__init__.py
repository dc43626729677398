"""Ask hosts which build they run: only those that somebody authorised, and never more than GETs.

Read in this order: `scope` (who may be asked, and who said so), `boundary` (what is refused),
`plan` (what is asked), `visit` (one host), `run` (all of them). `asking` and `names` are the only
modules that open connections.

Needs the extra ``probe``.
"""
