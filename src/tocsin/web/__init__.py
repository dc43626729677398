"""The campaign desk: what a CSIRT sees of a campaign, in a browser. Django, and only here.

All judgement comes from `tocsin.campaign` and `tocsin.knowledge`: services load, call and save.
Every app is shaped alike: models, queries (reads), services (writes, in transactions), views,
forms, urls, tasks. `docs/explanation/desk.md` draws them.
"""
