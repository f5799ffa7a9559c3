"""The resource types of FHIR R4, R4B and R5, by name.

Here: the names of R4 (4.0.1), and those that R4B (4.3.0) and R5 (5.0.0) added, so that a type
nobody decodes is told from one that does not exist. Not here: what a resource looks like
(resources.py), or what becomes of one (kinds.py).

Source: HL7 FHIR R4 4.0.1, value set resource-types, https://hl7.org/fhir/R4/valueset-resource-types.html,
and the same of R4B and R5.
"""

# fmt: off
USED = frozenset(
    {
        "AllergyIntolerance", "Bundle", "Communication", "Condition", "Consent", "Device",
        "DiagnosticReport", "DocumentReference", "Encounter", "Flag", "Immunization", "Location",
        "Medication", "MedicationAdministration", "MedicationDispense", "MedicationRequest",
        "MedicationStatement", "Observation", "Patient", "Procedure", "ServiceRequest", "Specimen",
    }
)
R4 = frozenset(
    {
        "Account", "ActivityDefinition", "AdverseEvent", "AllergyIntolerance", "Appointment",
        "AppointmentResponse", "AuditEvent", "Basic", "Binary", "BiologicallyDerivedProduct",
        "BodyStructure", "Bundle", "CapabilityStatement", "CarePlan", "CareTeam",
        "CatalogEntry", "ChargeItem", "ChargeItemDefinition", "Claim", "ClaimResponse",
        "ClinicalImpression", "CodeSystem", "Communication", "CommunicationRequest",
        "CompartmentDefinition", "Composition", "ConceptMap", "Condition", "Consent",
        "Contract", "Coverage", "CoverageEligibilityRequest", "CoverageEligibilityResponse",
        "DetectedIssue", "Device", "DeviceDefinition", "DeviceMetric", "DeviceRequest",
        "DeviceUseStatement", "DiagnosticReport", "DocumentManifest", "DocumentReference",
        "EffectEvidenceSynthesis", "Encounter", "Endpoint", "EnrollmentRequest",
        "EnrollmentResponse", "EpisodeOfCare", "EventDefinition", "Evidence",
        "EvidenceVariable", "ExampleScenario", "ExplanationOfBenefit", "FamilyMemberHistory",
        "Flag", "Goal", "GraphDefinition", "Group", "GuidanceResponse", "HealthcareService",
        "ImagingStudy", "Immunization", "ImmunizationEvaluation", "ImmunizationRecommendation",
        "ImplementationGuide", "InsurancePlan", "Invoice", "Library", "Linkage", "List",
        "Location", "Measure", "MeasureReport", "Media", "Medication",
        "MedicationAdministration", "MedicationDispense", "MedicationKnowledge",
        "MedicationRequest", "MedicationStatement", "MedicinalProduct",
        "MedicinalProductAuthorization", "MedicinalProductContraindication",
        "MedicinalProductIndication", "MedicinalProductIngredient",
        "MedicinalProductInteraction", "MedicinalProductManufactured",
        "MedicinalProductPackaged", "MedicinalProductPharmaceutical",
        "MedicinalProductUndesirableEffect", "MessageDefinition", "MessageHeader",
        "MolecularSequence", "NamingSystem", "NutritionOrder", "Observation",
        "ObservationDefinition", "OperationDefinition", "OperationOutcome", "Organization",
        "OrganizationAffiliation", "Parameters", "Patient", "PaymentNotice",
        "PaymentReconciliation", "Person", "PlanDefinition", "Practitioner",
        "PractitionerRole", "Procedure", "Provenance", "Questionnaire",
        "QuestionnaireResponse", "RelatedPerson", "RequestGroup", "ResearchDefinition",
        "ResearchElementDefinition", "ResearchStudy", "ResearchSubject", "RiskAssessment",
        "RiskEvidenceSynthesis", "Schedule", "SearchParameter", "ServiceRequest", "Slot",
        "Specimen", "SpecimenDefinition", "StructureDefinition", "StructureMap",
        "Subscription", "Substance", "SubstanceNucleicAcid", "SubstancePolymer",
        "SubstanceProtein", "SubstanceReferenceInformation", "SubstanceSourceMaterial",
        "SubstanceSpecification", "SupplyDelivery", "SupplyRequest", "Task",
        "TerminologyCapabilities", "TestReport", "TestScript", "ValueSet",
        "VerificationResult", "VisionPrescription",
    }
)
R4B = frozenset(
    {
        "AdministrableProductDefinition", "Citation", "ClinicalUseDefinition", "EvidenceReport",
        "Ingredient", "ManufacturedItemDefinition", "MedicinalProductDefinition",
        "NutritionProduct", "PackagedProductDefinition", "RegulatedAuthorization",
        "SubscriptionStatus", "SubscriptionTopic", "SubstanceDefinition",
    }
)
R5 = frozenset(
    {
        "ActorDefinition", "ArtifactAssessment", "BiologicallyDerivedProductDispense",
        "ConditionDefinition", "DeviceAssociation", "DeviceDispense", "DeviceUsage",
        "EncounterHistory", "FormularyItem", "GenomicStudy", "ImagingSelection",
        "InventoryItem", "InventoryReport", "NutritionIntake", "Permission",
        "RequestOrchestration", "Requirements", "TestPlan", "Transport",
    }
)
# fmt: on
KNOWN = R4 | R4B | R5
