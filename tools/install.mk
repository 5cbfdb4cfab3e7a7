# SPDX-License-Identifier: MIT
# Part of the Makefile: installing on a host, and the Debian package.

# make install builds what is not built yet and copies files; booking-setup, run there, makes the rest. No file of the
# administrator's is replaced, and nothing is started. DESTDIR=… puts it all below another directory.

PREFIX  ?= /usr/local
UNITDIR ?= $(PREFIX)/lib/systemd/system
ETC     := $(DESTDIR)/etc
LIB     := $(DESTDIR)$(PREFIX)/lib/booking
SBIN    := $(DESTDIR)$(PREFIX)/sbin
SHARE   := $(DESTDIR)$(PREFIX)/share/booking
DOC     := $(DESTDIR)$(PREFIX)/share/doc/booking
MAN     := $(DESTDIR)$(PREFIX)/share/man/man8
MANUALS := $(wildcard conf/host/*.8)
UNITS   := $(DESTDIR)$(UNITDIR)
UNIT_FILES := $(patsubst conf/systemd/%,%,$(filter-out %.d,$(wildcard conf/systemd/*)) $(wildcard conf/systemd/*.d/*))
GENERATORS := $(DESTDIR)$(patsubst %/system,%/system-generators,$(UNITDIR))
placed   = sed 's|@PREFIX@|$(PREFIX)|g; s|@UNITDIR@|$(UNITDIR)|g' $(1) > $(2) && chmod $(3) $(2)
# A directory's files but the hidden ones and those named, readable by all whatever the umask is.
tree     = install -d $(2) && tar -C $(1) -c --mode=u=rwX,go=rX --exclude='.[a-z]*' $(patsubst %,--exclude='%',$(3)) . | \
    tar -C $(2) -x -p --no-same-owner

install: ## install programs, page, units and nginx site (DESTDIR= PREFIX=/usr/local); then run booking-setup
	@$(MAKE) --no-print-directory programs
	install -d $(LIB) $(SBIN) $(SHARE) $(DOC)/conf $(MAN) $(UNITS)/booking-.service.d $(GENERATORS) $(ETC)/nginx/sites-available
	install $(PROGRAMS) conf/host/nginx-clients $(LIB)
	@for name in booking-setup booking-restart booking-admin; do $(call placed,conf/host/$$name,$(SBIN)/$$name,755); done
	@for page in $(MANUALS); do $(call placed,$$page,$(MAN)/$${page##*/},644); done
	@$(call placed,conf/host/booking-generator,$(GENERATORS)/booking-generator,755)
	@for unit in $(UNIT_FILES); do $(call placed,conf/systemd/$$unit,$(UNITS)/$$unit,644); done
	@rm -rf $(SHARE)/html $(SHARE)/sql $(SHARE)/nginx $(SHARE)/mail
	@$(call tree,html,$(SHARE)/html,node_modules install package.json package-lock.json)
	@conf/host/hash-assets $(SHARE)/html $(SHARE)/html
	@$(call tree,sql,$(SHARE)/sql,migrate admin)
	@$(call tree,conf/nginx,$(SHARE)/nginx)
	@$(call tree,conf/mail,$(SHARE)/mail)
	@ln -sfn $(PREFIX)/share/booking/nginx $(ETC)/nginx/booking
	@test -e $(ETC)/nginx/sites-available/booking || \
	    $(call placed,conf/host/nginx-site,$(ETC)/nginx/sites-available/booking,644)
	install -m 644 README.md CHANGELOG.md LICENSE $(DOC)
	install -m 644 conf/booking.env.example conf/oauth2-proxy.cfg.example $(DOC)/conf
	@for dir in docs examples conf/cron.d conf/logrotate.d conf/prometheus conf/grafana conf/cluster; do \
	    $(call tree,$$dir,$(DOC)/$$dir); done
	@$(call placed,conf/cron.d/booking,$(DOC)/conf/cron.d/booking,644)

uninstall: ## remove what make install copied; settings, the nginx site and databases stay
	rm -rf $(LIB) $(SHARE) $(DOC)
	rm -f $(addprefix $(SBIN)/booking-,setup restart admin) $(addprefix $(MAN)/,$(notdir $(MANUALS)))
	rm -f $(GENERATORS)/booking-generator $(addprefix $(UNITS)/,$(UNIT_FILES))
	-rmdir $(UNITS)/booking-.service.d
	rm -f $(ETC)/nginx/sites-enabled/booking $(ETC)/nginx/booking

deb: ## build a Debian package in build/deb/ and check it with lintian
	@tools/install-packages build package
	@tools/build-deb

test-package: setup-test ## install, upgrade, remove and purge the package on machines of its own (as root)
	@tools/install-packages package machine
	@$(MAKE) --no-print-directory programs
	@MACHINES=required $(PYTEST) $(PYTEST_ARGS) tests/host/package
